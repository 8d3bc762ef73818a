"""`01:00-04:00` of hub.toml: when lines' speeds may be tested, by the clock in Hanoi."""

from __future__ import annotations

import re

from agent.wire.configuration import ThroughputWindow
from collector.directory.days import HANOI

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_MINUTES_A_DAY = 1440


def parse_hours(text: str) -> ThroughputWindow | None:
    """None for the empty text: never. Raises ValueError."""
    if not text:
        return None
    found = _HOURS.fullmatch(text)
    if found is None or found[0][:5] == found[0][6:]:
        raise ValueError(f"{text!r} is not of the form 01:00-04:00")
    hour, minute, end_hour, end_minute = (int(part) for part in found.groups())
    offset = HANOI.utcoffset(None)
    ahead = int(offset.total_seconds()) // 60
    return ThroughputWindow(
        (hour * 60 + minute - ahead) % _MINUTES_A_DAY, (end_hour * 60 + end_minute - ahead) % _MINUTES_A_DAY
    )
