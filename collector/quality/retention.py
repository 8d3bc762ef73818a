"""How long single minutes are kept. Days and episodes, which reports are made of, stay for good.

170 lines make 7 million rows a month; a report reaches back to days, a chart to minutes of the last weeks.
"""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from collector.tables import LineMinute, NodeMinute

KEPT_SECONDS = 100 * 86_400
"""More than a quarter, and far more than the 14 days within which minutes may still change."""


def purge_line(session: Session, line_id: int, now: float) -> int:
    """How many minutes of the line went. One line at a time: the writer has others waiting."""
    return _count(
        session.execute(
            delete(LineMinute).where(LineMinute.line_id == line_id, LineMinute.minute < now - KEPT_SECONDS)
        )
    )


def purge_node(session: Session, node_id: str, now: float) -> int:
    """How many minutes of the node went."""
    return _count(
        session.execute(
            delete(NodeMinute).where(NodeMinute.node_id == node_id, NodeMinute.minute < now - KEPT_SECONDS)
        )
    )


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
