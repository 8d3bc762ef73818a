"""The latest of each node and line, in memory; owned by the hub's event loop.

Whatever arrives, an older sample never replaces a newer one, so backlog cannot age the board.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from collector.ingest.watch import NodeWatch
from collector.quality.windows import WindowFigures

MAX_READINGS_PER_NODE = 2000
"""A guard: an agent has about a hundred."""
WINDOWS_KEPT_MS = 10 * 60 * 1000
MAX_WINDOWS_PER_LINE = 120
READINGS_KEPT_MS = 10 * 60 * 1000


@dataclass(slots=True)
class Reading:
    """A value and the one before it. Times in Unix milliseconds by the hub's clock."""

    at_ms: int
    value: float
    before_at_ms: int | None = None
    before: float | None = None

    def rate(self, longest_gap_ms: int) -> float | None:
        """Rise per second of a counter; None over a reset, a gap, or without two values."""
        if self.before is None or self.before_at_ms is None or self.value < self.before:
            return None
        elapsed = self.at_ms - self.before_at_ms
        return (self.value - self.before) * 1000 / elapsed if 0 < elapsed <= longest_gap_ms else None


@dataclass(slots=True)
class LatestOfNode:
    last_arrival: float
    readings: dict[NodeWatch, Reading] = field(default_factory=dict)
    newest_ms: int = 0
    dropped: int = 0
    """Readings beyond the bound."""


@dataclass(slots=True)
class LatestOfLine:
    newest_arrival: float
    """When the newest window came, by the hub's clock."""
    newest_end_ms: int
    windows: dict[int, dict[str, float]] = field(default_factory=dict)
    """By end, Unix milliseconds."""


class LatestState:
    def __init__(self) -> None:
        self.nodes: dict[str, LatestOfNode] = {}
        self.lines: dict[str, LatestOfLine] = {}

    def heard(self, node: str, now: float) -> None:
        latest = self.nodes.get(node)
        if latest is None:
            self.nodes[node] = LatestOfNode(now)
        else:
            latest.last_arrival = max(latest.last_arrival, now)

    def apply_readings(self, node: str, samples: Iterable[tuple[NodeWatch, int, float]], now: float) -> None:
        self.heard(node, now)
        latest = self.nodes[node]
        for one, at_ms, value in samples:
            _apply(latest, one, at_ms, value)

    def apply_windows(self, windows: Iterable[WindowFigures], now: float) -> None:
        for window in windows:
            latest = self.lines.get(window.line)
            if latest is None:
                latest = self.lines[window.line] = LatestOfLine(now, window.end_ms)
            if window.end_ms > latest.newest_end_ms:
                latest.newest_end_ms, latest.newest_arrival = window.end_ms, now
            oldest = latest.newest_end_ms - WINDOWS_KEPT_MS
            if window.end_ms > oldest:
                held = latest.windows.setdefault(window.end_ms, {})
                held.update(window.values)
            _let_go(latest, oldest)

    def forget(self, nodes: set[str], lines: set[str]) -> None:
        """Keep only these: others are revoked or removed. Of nodes let go of what they no longer say."""
        self.nodes = {node: latest for node, latest in self.nodes.items() if node in nodes}
        self.lines = {line: latest for line, latest in self.lines.items() if line in lines}
        for latest in self.nodes.values():
            oldest = latest.newest_ms - READINGS_KEPT_MS
            for one in [one for one, reading in latest.readings.items() if reading.at_ms < oldest]:
                del latest.readings[one]


def _let_go(latest: LatestOfLine, oldest: int) -> None:
    gone = [end_ms for end_ms in latest.windows if end_ms <= oldest]
    if len(latest.windows) - len(gone) > MAX_WINDOWS_PER_LINE:
        gone = sorted(latest.windows)[:-MAX_WINDOWS_PER_LINE]
    for end_ms in gone:
        del latest.windows[end_ms]


def _apply(latest: LatestOfNode, one: NodeWatch, at_ms: int, value: float) -> None:
    held = latest.readings.get(one)
    if held is not None and at_ms <= held.at_ms:
        return
    latest.newest_ms = max(latest.newest_ms, at_ms)
    if math.isnan(value):
        # A stale marker: what it measured is gone.
        latest.readings.pop(one, None)
    elif held is not None:
        held.before_at_ms, held.before = held.at_ms, held.value
        held.at_ms, held.value = at_ms, value
    elif len(latest.readings) < MAX_READINGS_PER_NODE:
        latest.readings[one] = Reading(at_ms, value)
    else:
        latest.dropped += 1
