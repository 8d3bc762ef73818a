"""The isochronous schedule of a probe: places at a fixed distance, never bent by a late send. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, slots=True)
class Turn:
    """What is due now: places missed since the last turn, and the place to send at, if any."""

    skipped: range
    place: int | None
    late: bool


class Schedule:
    """Places stand in the middle of their share of the second, off the edges of the windows."""

    def __init__(self, packets_per_second: float, now: float, unix: float) -> None:
        self.interval_seconds = 1.0 / packets_per_second
        into = (unix / self.interval_seconds + 0.5) % 1.0
        self._origin = now + (1.0 - into) * self.interval_seconds
        self._next = 0

    def time_of(self, place: int) -> float:
        return self._origin + place * self.interval_seconds

    @property
    def next_time(self) -> float:
        return self.time_of(self._next)

    def turn(self, now: float) -> Turn:
        # A caller that wakes exactly at next_time must find its place in spite of rounding.
        latest = floor((now - self._origin) / self.interval_seconds + 1e-6)
        if latest < self._next:
            return Turn(range(0), None, late=False)
        skipped = range(self._next, latest)
        self._next = latest + 1
        return Turn(skipped, latest, late=now - self.time_of(latest) > self.interval_seconds / 2)
