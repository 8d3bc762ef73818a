"""When a site's trouble may be told: from 06:30 to the end of work on days of work. Pure; days are Vietnam's."""

from __future__ import annotations

from datetime import datetime, timedelta

from collector.calendars import calendar as office
from collector.directory.days import HANOI, day_of

MORNING_MINUTE = 6 * 60 + 30
"""What happened at night is told then."""


def held_until(calendar: office.OfficeCalendar, now: float) -> float | None:
    """None: it may be told now. Otherwise Unix seconds of the next morning of work.

    The break at noon is no night. Raises nothing: a calendar without work holds nothing back.
    """
    today = day_of(now)
    for ahead in range(office.MOST_DAYS_WITHOUT_WORK):
        day = today + timedelta(days=ahead)
        spans = calendar.spans_on(day)
        if not spans:
            continue
        midnight = datetime(day.year, day.month, day.day, tzinfo=HANOI).timestamp()
        begins = min(midnight + 60 * MORNING_MINUTE, spans[0][0])
        if now < begins:
            return begins
        if now < spans[-1][1]:
            return None
    return None


def quiet_until(quiet: tuple[tuple[int, int], ...], now: float) -> float:
    """When the last of a person's quiet hours around `now` ends; `now` when there are none."""
    until = now
    # Hours that touch one another are one; a day has no more of them than there are.
    for _ in range(len(quiet) + 1):
        later = max((_end(start, end, until) for start, end in quiet), default=until)
        if later <= until:
            break
        until = later
    return until if until - now < 86400 else now


def _end(start: int, end: int, now: float) -> float:
    local = datetime.fromtimestamp(now, HANOI)
    minute = local.hour * 60 + local.minute
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    if start == end:
        return now
    if start < end:
        return midnight + end * 60 if start <= minute < end else now
    if minute >= start:
        return midnight + 86400 + end * 60
    return midnight + end * 60 if minute < end else now
