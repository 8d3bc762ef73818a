"""How much of its core a worker uses, from the totals it reports. Time is a parameter."""

from __future__ import annotations

SMOOTHING = 0.5
"""Of the newest measure: two reports (10 s) tell a load that lasts from a moment of joining."""
SHORTEST_SECONDS = 0.2


class Load:
    """`share`: 1.0 is one core, of which a worker has one."""

    __slots__ = ("_cpu_seconds", "_time", "share")

    def __init__(self) -> None:
        self.share = 0.0
        self._cpu_seconds: float | None = None
        self._time = 0.0

    def measured(self, cpu_seconds: float, now: float) -> None:
        if self._cpu_seconds is None:
            self._cpu_seconds, self._time = cpu_seconds, now
            return
        seconds = now - self._time
        if seconds < SHORTEST_SECONDS:
            return
        newest = max(0.0, cpu_seconds - self._cpu_seconds) / seconds
        self.share += SMOOTHING * (newest - self.share)
        self._cpu_seconds, self._time = cpu_seconds, now
