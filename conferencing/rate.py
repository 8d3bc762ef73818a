"""A token bucket, with the time as a parameter."""

from __future__ import annotations


class Rate:
    """Lets `per_second` through on average and `burst` at once."""

    __slots__ = ("_burst", "_per_second", "_time", "_tokens")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._time: float | None = None

    def allow(self, now: float) -> bool:
        if self._time is not None:
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._time) * self._per_second)
        self._time = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
