"""States of line minutes in the database: judged again from where something changed until they agree again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session

from collector.quality.figures import share
from collector.quality.hysteresis import Course
from collector.quality.judgement import Level, Minute, judge_minute
from collector.quality.profile import Limits
from collector.tables import LineMinute

_ROWS_AT_ONCE = 240


def settle(session: Session, line_id: int, since: int, until: int, limits: Limits) -> tuple[int, int] | None:
    """Judge the minutes in [since, until] and those after them that depend on them; the caller commits.

    The first and the last minute whose state is another now; None when none is.
    """
    course = Course(limits)
    depth = course.recent.maxlen or 0
    course.resume(_before(session, line_id, since, depth, limits))
    changed: list[dict[str, Any]] = []
    start, unchanged_levels = since, 0
    while True:
        rows = session.execute(
            _minutes(line_id).where(LineMinute.minute >= start).order_by(LineMinute.minute).limit(_ROWS_AT_ONCE)
        ).all()
        for row in rows:
            level = _level(row, limits)
            state = None if level is None else course.step(row.minute, level)
            if state != row.state:
                changed.append({"line_id": line_id, "minute": row.minute, "state": state})
            if row.minute > until and level is not None:
                unchanged_levels += 1
                if unchanged_levels >= depth and state == row.state:
                    return _write(session, changed)
        if len(rows) < _ROWS_AT_ONCE:
            return _write(session, changed)
        start = rows[-1].minute + 60


def _before(session: Session, line_id: int, since: int, depth: int, limits: Limits) -> list[tuple[int, Level, Level]]:
    rows: Sequence[Row[Any]] = session.execute(
        _minutes(line_id)
        .where(LineMinute.minute < since, LineMinute.state.is_not(None))
        .order_by(LineMinute.minute.desc())
        .limit(depth)
    ).all()
    found = [(row.minute, _level(row, limits), row.state) for row in reversed(rows)]
    return [(minute, level, state) for minute, level, state in found if level is not None]


def _minutes(line_id: int) -> Select[*tuple[Any, ...]]:
    return select(
        LineMinute.minute, LineMinute.windows_mask, LineMinute.sent, LineMinute.unmeasured, LineMinute.lost_up,
        LineMinute.lost_down, LineMinute.lost_unknown, LineMinute.rtt_p50, LineMinute.jitter, LineMinute.mos,
        LineMinute.state,
    ).where(LineMinute.line_id == line_id)  # fmt: skip


def _level(row: Row[Any], limits: Limits) -> Level | None:
    loss = share(row.lost_up + row.lost_down + row.lost_unknown, row.sent - row.unmeasured)
    minute = Minute(loss, row.windows_mask.bit_count(), row.rtt_p50, row.jitter, row.mos)
    return judge_minute(minute, limits)[0]


def _write(session: Session, changed: list[dict[str, Any]]) -> tuple[int, int] | None:
    if not changed:
        return None
    session.execute(update(LineMinute), changed)
    return changed[0]["minute"], changed[-1]["minute"]
