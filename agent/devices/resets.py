"""Whether a device began to count anew between two polls: its uptime fell, and not because it wrapped. Sans-IO."""

from __future__ import annotations

from collections.abc import Mapping

WRAP_TICKS = 1 << 32
TICKS_PER_SECOND = 100
SLACK_SECONDS = 120.0


class Resets:
    def __init__(self) -> None:
        self._uptime: int | None = None
        self._at = 0.0
        self._discontinuities: dict[str, int] = {}
        self.restarts = 0
        self.discontinuities = 0

    def uptime(self, ticks: int, now: float) -> bool:
        """Whether the device has restarted since the look before. `ticks`: hundredths of a second; `now`: seconds."""
        before, self._uptime = self._uptime, ticks
        elapsed, self._at = now - self._at, now
        if before is None or ticks >= before:
            return False
        expected = before + elapsed * TICKS_PER_SECOND
        if abs(expected - WRAP_TICKS - ticks) <= SLACK_SECONDS * TICKS_PER_SECOND:
            return False
        self.restarts += 1
        return True

    def counters(self, discontinuity: Mapping[str, int]) -> list[str]:
        """Interfaces whose counters jumped (ifCounterDiscontinuityTime changed) since the look before."""
        jumped = [
            name
            for name, ticks in discontinuity.items()
            if name in self._discontinuities and self._discontinuities[name] != ticks
        ]
        self._discontinuities = dict(discontinuity)
        self.discontinuities += len(jumped)
        return jumped
