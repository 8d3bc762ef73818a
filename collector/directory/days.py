"""Days as the offices count them. Vietnam has one time zone and no daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


def day_of(now: float) -> date:
    """The day of that instant (Unix seconds)."""
    return datetime.fromtimestamp(now, UTC).astimezone(HANOI).date()
