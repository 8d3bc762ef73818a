"""Bufferbloat as it happens: p95 of the RTT while the line is busy, less p5 of the RTT while it is idle. Pure.

Busy and idle are what this machine's own interface carries, against the contract's speeds; a line that others load
as well is busier than it looks from here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from agent.probes.windows import WindowFigures, quantile
from agent.wire.configuration import WINDOW_SECONDS

BUSY_SHARE = 0.5
IDLE_SHARE = 0.05
IDLE_WINDOWS = 360
"""An hour of idle windows is remembered."""
LEAST_IDLE_WINDOWS = 3
KEPT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes since boot of the interface towards the line, at a moment in Unix seconds."""

    unix: float
    received: int
    sent: int


class LoadedLatency:
    """One line. Tell of traffic about every second half of a window, and of each window when it is said."""

    def __init__(self) -> None:
        self._traffic: deque[Traffic] = deque()
        self._idle: deque[float] = deque(maxlen=IDLE_WINDOWS)

    def saw(self, traffic: Traffic) -> None:
        if self._traffic and traffic.received < self._traffic[-1].received:
            # The counters began again: the interface is new.
            self._traffic.clear()
        self._traffic.append(traffic)
        while traffic.unix - self._traffic[0].unix > KEPT_SECONDS:
            self._traffic.popleft()

    def window(
        self, figures: WindowFigures, download_mbits: float | None, upload_mbits: float | None
    ) -> float | None:
        """Seconds added by load in this window; None when it was not busy, or nothing idle is known yet."""
        share = self._share(figures.start, download_mbits, upload_mbits)
        if share is None or not figures.round_trips:
            return None
        if share <= IDLE_SHARE:
            self._idle.append(quantile(figures.round_trips, 0.05))
        if share < BUSY_SHARE or len(self._idle) < LEAST_IDLE_WINDOWS:
            return None
        idle = quantile(tuple(sorted(self._idle)), 0.05)
        return max(0.0, quantile(figures.round_trips, 0.95) - idle)

    def _share(self, start: int, download_mbits: float | None, upload_mbits: float | None) -> float | None:
        """Of the contract's speed that was used in the window, of the direction that was fuller."""
        end = start + WINDOW_SECONDS
        before = [one for one in self._traffic if one.unix <= start + 1]
        after = [one for one in self._traffic if one.unix >= end - 1]
        if not before or not after or after[0].unix <= before[-1].unix:
            return None
        seconds = after[0].unix - before[-1].unix
        shares = [
            (later - earlier) * 8 / seconds / (mbits * 1e6)
            for later, earlier, mbits in (
                (after[0].received, before[-1].received, download_mbits),
                (after[0].sent, before[-1].sent, upload_mbits),
            )
            if mbits is not None
        ]
        return max(shares) if shares else None
