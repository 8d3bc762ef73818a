"""Days of lines: which ones have to be summed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.directory.days import day_of
from collector.tables import LineDay


def mark_stale(session: Session, touched: Mapping[int, Iterable[tuple[int, int]]]) -> None:
    """Line id → spans [since, until) of what changed. The caller commits. One writer at a time."""
    for line_id, spans in touched.items():
        wanted = set()
        for since, until in spans:
            day, last = day_of(since), day_of(max(since, until - 1))
            while day <= last:
                wanted.add(day)
                day += timedelta(days=1)
        ordered = sorted(wanted)
        held = {
            row.day: row
            for row in session.scalars(
                select(LineDay).where(
                    LineDay.line_id == line_id, LineDay.day >= ordered[0], LineDay.day <= ordered[-1]
                )
            )
        }
        for day in ordered:
            if day in held:
                held[day].stale = True
            else:
                session.add(LineDay(line_id=line_id, day=day, stale=True))
    session.flush()
