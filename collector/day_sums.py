"""Keeps the sums of lines' days up to date, a few at a time, and at once before somebody reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import date, timedelta

from sqlalchemy.orm import Session, sessionmaker

from collector.directory.days import day_of
from collector.quality.days import stale, sum_again
from collector.writer import DatabaseWriter

AT_ONCE = 10
"""In one transaction: the writer has others waiting."""
PER_ROUND = 400
TODAY_SECONDS = 600.0
"""So old may the sums of a day be that is not over."""
_FIRST = date(2000, 1, 1)


class DaySums:
    def __init__(self, sessions: sessionmaker[Session], writer: DatabaseWriter, clock: Callable[[], float]) -> None:
        self._sessions = sessions
        self._writer = writer
        self._clock = clock
        self._summed: dict[int, float] = {}
        """Line id → when its present day was summed."""

    async def keep_up(self) -> None:
        """Days that are over, the newest first, and now and then the present one; the rest waits for next time."""
        today = day_of(self._clock())
        await self._sum(_FIRST, today, None, PER_ROUND)
        await self._sum_today(today, None)

    async def bring_up_to_date(self, since: date, until: date, lines: Iterable[int] | None = None) -> None:
        """All of [since, until) that has changed; of today what was not summed lately."""
        today = day_of(self._clock())
        wanted = None if lines is None else list(lines)
        while await self._sum(since, min(until, today), wanted, PER_ROUND):
            pass
        if since <= today < until:
            await self._sum_today(today, wanted)

    async def _sum_today(self, today: date, lines: list[int] | None) -> None:
        now = self._clock()
        self._summed = {line: at for line, at in self._summed.items() if now - at < TODAY_SECONDS}
        with_today = await asyncio.to_thread(self._stale, today, today + timedelta(days=1), lines)
        due = [(line_id, day) for line_id, day in with_today if line_id not in self._summed]
        await self._write(due)
        self._summed |= dict.fromkeys((line_id for line_id, _ in due), now)

    async def _sum(self, since: date, until: date, lines: list[int] | None, most: int) -> bool:
        found = await asyncio.to_thread(self._stale, since, until, lines, most)
        await self._write(found)
        return len(found) >= most

    async def _write(self, which: list[tuple[int, date]]) -> None:
        for start in range(0, len(which), AT_ONCE):
            part = which[start : start + AT_ONCE]
            await self._writer.call(lambda session, part=part: sum_again(session, part))  # type: ignore[misc]

    def _stale(
        self, since: date, until: date, lines: list[int] | None, most: int = 1_000_000
    ) -> list[tuple[int, date]]:
        with self._sessions() as session:
            return stale(session, since, until, most, lines)
