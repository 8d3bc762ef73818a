"""One window of a line: the figures that a node said of ten seconds, and where in its minute it belongs.

A window is a mapping from field to value, because its figures come one by one and not always together:
which way the losses went may be known only hours later.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.wire.configuration import RTT_BUCKETS_SECONDS, WINDOW_SECONDS

WINDOW_MS = WINDOW_SECONDS * 1000
MINUTE_MS = 60_000
WINDOWS_PER_MINUTE = MINUTE_MS // WINDOW_MS
ALL_WINDOWS = (1 << WINDOWS_PER_MINUTE) - 1

BUCKET_FIELDS = tuple(f"rtt_le_{index}" for index in range(len(RTT_BUCKETS_SECONDS) + 1))
RTT_FIELDS = ("rtt_min", "rtt_p50", "rtt_p95", "rtt_max")
DIRECTION_FIELDS = ("lost_up", "lost_down", "unmeasured")
COUNT_FIELDS = (
    "sent", "received", "lost_up", "lost_down", "lost_unknown", "unmeasured",
    "late", "duplicate", "reordered", "skipped", "late_sends", "loss_bursts", *BUCKET_FIELDS,
)  # fmt: skip
SECONDS_FIELDS = (*RTT_FIELDS, "jitter", "ipdv_p95")

_COUNTS = frozenset(COUNT_FIELDS)
_SECONDS = frozenset(SECONDS_FIELDS)
# No line sends more in ten seconds; it keeps sums far inside 32-bit columns.
_MAX_COUNT = 1_000_000
_MAX_SECONDS = 3600.0

_ALWAYS = (
    "sent", "received", "late", "duplicate", "reordered", "skipped", "late_sends", "loss_bursts", *DIRECTION_FIELDS
)  # fmt: skip
_WHEN_ANSWERED = (*RTT_FIELDS, *BUCKET_FIELDS, "jitter")

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """What one request says of one window. `end_ms`: Unix milliseconds by the hub's clock."""

    line: str
    end_ms: int
    values: dict[str, float]


def gather(samples: Iterable[tuple[str, str, int, float]]) -> tuple[list[WindowFigures], int]:
    """Windows from (line, field, end_ms, value), and how many values cannot be counted."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    unusable = 0
    for line, field, end_ms, value in samples:
        if usable(field, value):
            values = found.setdefault((line, end_ms), {})
            exact = int(value) if field in _COUNTS else value
            values[field] = max(exact, values.get(field, exact))
        else:
            unusable += 1
    return [WindowFigures(line, end_ms, values) for (line, end_ms), values in found.items()], unusable


def usable(field: str, value: float) -> bool:
    if field in _COUNTS:
        return 0 <= value <= _MAX_COUNT and value == math.floor(value)
    return field in _SECONDS and 0 <= value <= _MAX_SECONDS


def place(end_ms: int) -> tuple[int, int]:
    """(Unix seconds of the minute's start, index 0..5) of the window that ends then.

    A window belongs where its middle lies: for aligned ones that is the minute of its start, and one whose
    time was corrected by an odd offset still gets a place of its own, since all shift alike.
    """
    index = (end_ms - WINDOW_MS // 2) // WINDOW_MS
    return index // WINDOWS_PER_MINUTE * 60, index % WINDOWS_PER_MINUTE


def counted(values: Values) -> bool:
    """Whether the window says enough to speak of loss."""
    return "sent" in values and "received" in values


def direction_known(values: Values) -> bool:
    return all(field in values for field in DIRECTION_FIELDS)


def complete(values: Values) -> bool:
    """Whether nothing more is to be expected of this window."""
    if not all(field in values for field in _ALWAYS):
        return False
    answered = values["received"]
    if answered >= 1 and not all(field in values for field in _WHEN_ANSWERED):
        return False
    return answered < 2 or "ipdv_p95" in values
