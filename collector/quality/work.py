"""Which minutes of which lines have still to be judged: kept with the minutes themselves, so a crash forgets none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from collector.tables import LineWork

HOUR_SECONDS = 3600
_ROWS_PER_QUERY = 200


@dataclass(frozen=True, slots=True)
class Touched:
    """Minutes of one line within one hour: the first and the last (Unix seconds)."""

    line_id: int
    since: int
    until: int


def mark(session: Session, touched: Mapping[int, Iterable[int]]) -> None:
    """Line id → minutes. The caller commits. One writer at a time."""
    wanted: dict[tuple[int, int], tuple[int, int]] = {}
    for line_id, minutes in touched.items():
        for minute in minutes:
            key = line_id, minute // HOUR_SECONDS * HOUR_SECONDS
            since, until = wanted.get(key, (minute, minute))
            wanted[key] = min(since, minute), max(until, minute)
    keys = sorted(wanted)
    for start in range(0, len(keys), _ROWS_PER_QUERY):
        part = keys[start : start + _ROWS_PER_QUERY]
        found = session.scalars(select(LineWork).where(tuple_(LineWork.line_id, LineWork.hour).in_(part)))
        rows = {(row.line_id, row.hour): row for row in found}
        for key in part:
            since, until = wanted[key]
            row = rows.get(key)
            if row is None:
                session.add(LineWork(line_id=key[0], hour=key[1], since=since, until=until))
            else:
                row.since, row.until = min(row.since, since), max(row.until, until)


def take(session: Session, most: int) -> list[Touched]:
    """The last hours first, for the board is about now; then the oldest, so that what follows builds on them.

    They are gone when the caller commits what it made of them.
    """
    newest = session.scalar(select(func.max(LineWork.hour)))
    if newest is None:
        return []
    recent = LineWork.hour >= newest - HOUR_SECONDS
    order = LineWork.hour, LineWork.line_id
    rows = list(session.scalars(select(LineWork).where(recent).order_by(*order).limit(most)))
    if len(rows) < most:
        rows += session.scalars(select(LineWork).where(~recent).order_by(*order).limit(most - len(rows)))
    found = [Touched(row.line_id, row.since, row.until) for row in rows]
    for row in rows:
        session.delete(row)
    session.flush()
    return found


def waiting(session: Session) -> int:
    """Hours of lines still to be looked at."""
    return session.scalar(select(func.count()).select_from(LineWork)) or 0
