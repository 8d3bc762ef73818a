"""Office hours of one kind of office, by the days of Vietnam. Knows no site and reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collector.directory.days import HANOI, day_of

MOST_DAYS_WITHOUT_WORK = 60
"""Longer than any holiday: beyond it the calendar has no more work at all."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes from midnight in Hanoi; the end is not part of it."""

    begin_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Season:
    """From `first` to `last`, (month, day), both included; over the new year when `last` comes before `first`."""

    first: tuple[int, int]
    last: tuple[int, int]
    hours: tuple[Hours, ...]
    source: str

    def holds(self, day: date) -> bool:
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class Holiday:
    """`announced`: by the authorities; otherwise expected from the law."""

    vi: str
    en: str
    announced: bool
    source: str


@dataclass(frozen=True, slots=True)
class OfficeCalendar:
    """`worked`: days that are worked though they are no weekday of work, in exchange for another.

    Beyond `years` the seasons' hours go on and holidays are not known: `knows` says so.
    """

    name: str
    version: str
    note: Mapping[str, str]
    years: tuple[int, int]
    weekdays: frozenset[int]
    seasons: tuple[Season, ...]
    holidays: Mapping[date, Holiday]
    worked: Mapping[date, date]

    def knows(self, day: date) -> bool:
        return self.years[0] <= day.year <= self.years[1]

    def holiday_on(self, day: date) -> Holiday | None:
        return self.holidays.get(day)

    def works_on(self, day: date) -> bool:
        return day in self.worked or (day.isoweekday() in self.weekdays and day not in self.holidays)

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """In order; empty for a day off."""
        if not self.works_on(day):
            return ()
        return next((season.hours for season in self.seasons if season.holds(day)), ())

    def spans_on(self, day: date) -> tuple[tuple[float, float], ...]:
        """The same in Unix seconds: (begin, end)."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=HANOI).timestamp()
        return tuple((midnight + 60 * one.begin_minute, midnight + 60 * one.end_minute) for one in self.hours_on(day))

    def is_office_time(self, now: float) -> bool:
        """`now`: Unix seconds."""
        return any(begin <= now < end for begin, end in self.spans_on(day_of(now)))

    def next_start(self, now: float) -> float | None:
        """When work begins next, after `now` (Unix seconds); None when no work is known of."""
        return next((begin for begin, _ in self._spans_from(now) if begin > now), None)

    def _spans_from(self, now: float) -> Iterator[tuple[float, float]]:
        today = day_of(now)
        for ahead in range(MOST_DAYS_WITHOUT_WORK):
            yield from self.spans_on(today + timedelta(days=ahead))
