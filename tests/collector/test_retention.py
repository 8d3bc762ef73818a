"""Old minutes go, line by line; what may still change, and other lines', stays."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import directory
from collector.quality import retention
from collector.tables import Line, LineMinute, Node, NodeMinute

NOW = 1_790_000_000.0
DAY = 86_400
OLD, YOUNG = int(NOW) - 101 * DAY, int(NOW) - 99 * DAY


@pytest.fixture
def lines(session: Session) -> list[int]:
    for code in ("a", "b"):
        directory.ensure_site(session, code, code.upper())
    found = list(session.scalars(select(Line.id).order_by(Line.code)))
    session.add_all(
        LineMinute(line_id=line, minute=minute, updated_at=1.0) for line in found for minute in (OLD, YOUNG)
    )
    session.flush()
    return found


def test_old_minutes_of_that_line_go(session: Session, lines: list[int]) -> None:
    assert retention.purge_line(session, lines[0], NOW) == 1
    kept = session.execute(
        select(LineMinute.line_id, LineMinute.minute).order_by(LineMinute.line_id, LineMinute.minute)
    )
    assert [tuple(row) for row in kept] == [(lines[0], YOUNG), (lines[1], OLD), (lines[1], YOUNG)]
    assert retention.purge_line(session, lines[0], NOW) == 0


def test_old_minutes_of_that_node_go(session: Session, lines: list[int]) -> None:
    token = directory.issue_token(session, "a", NOW)
    node = directory.enrol(session, str(token), "pc", "Linux", "0.1.0", NOW).node
    session.add_all(NodeMinute(node_id=node, minute=minute) for minute in (OLD, YOUNG))
    session.flush()
    assert retention.purge_node(session, node, NOW) == 1
    assert list(session.scalars(select(NodeMinute.minute))) == [YOUNG]
    assert session.get(Node, node) is not None
