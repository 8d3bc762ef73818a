"""Whether a queue builds up on the way: the trend of the one-way delay (after draft-ietf-rmcat-gcc-02, section 5).

Only differences of clocks are used: sender and receiver need not agree on the time.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

BURST_SECONDS = 0.005
"""Packets sent within this time are one group: the line sends them back to back whatever its queue."""
WINDOW_GROUPS = 20
SMOOTHING = 0.9
GAIN = 4.0
COUNTED_GROUPS_LIMIT = 60
FIRST_THRESHOLD_MS = 12.5
THRESHOLD_MS = (6.0, 600.0)
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
OVERUSE_SECONDS = 0.01
LEAST_DELAY_MEMORY_SECONDS = 30.0
STALE_SECONDS = 2.0
"""After such a pause the old trend says nothing."""


class Usage(StrEnum):
    NORMAL = "normal"
    OVER = "over"
    UNDER = "under"


class DelayTrend:
    """Fed with (sent, arrived) of each packet in order of sending; `queueing_delay` is above the least seen."""

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self.queueing_delay = 0.0
        self._group: tuple[float, float, float] | None = None
        self._previous: tuple[float, float] | None = None
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW_GROUPS)
        self._accumulated = self._smoothed = 0.0
        self._groups = 0
        self._first_arrival = 0.0
        self._threshold = FIRST_THRESHOLD_MS
        self._over_since: float | None = None
        self._last_trend = 0.0
        self._last_update = 0.0
        self._least: deque[tuple[float, float]] = deque()

    def packet(self, sent: float, arrived: float) -> None:
        group = self._group
        if group is None:
            self._group = (sent, sent, arrived)
        elif abs(sent - group[1]) > STALE_SECONDS or abs(arrived - group[2]) > STALE_SECONDS * 5:
            self._points.clear()
            self._accumulated = self._smoothed = 0.0
            self._previous, self._group = None, (sent, sent, arrived)
            self._groups = 0
            self.usage = Usage.NORMAL
        elif sent - group[0] <= BURST_SECONDS:
            self._group = (group[0], max(group[1], sent), max(group[2], arrived))
        else:
            self._complete(group[1], group[2])
            self._group = (sent, sent, arrived)

    def _complete(self, sent: float, arrived: float) -> None:
        self._measure_queue(sent, arrived)
        if self._previous is None:
            self._previous = (sent, arrived)
            self._first_arrival = arrived
            return
        before_sent, before_arrived = self._previous
        self._previous = (sent, arrived)
        self._groups += 1
        self._accumulated += ((arrived - before_arrived) - (sent - before_sent)) * 1000
        self._smoothed = SMOOTHING * self._smoothed + (1 - SMOOTHING) * self._accumulated
        self._points.append(((arrived - self._first_arrival) * 1000, self._smoothed))
        if len(self._points) == WINDOW_GROUPS:
            self._judge(_slope(self._points), arrived, sent - before_sent)

    def _judge(self, slope: float, now: float, spent: float) -> None:
        trend = min(self._groups, COUNTED_GROUPS_LIMIT) * slope * GAIN
        if trend > self._threshold:
            if self._over_since is None:
                self._over_since = 0.0
            self._over_since += spent
            if self._over_since > OVERUSE_SECONDS and trend >= self._last_trend:
                self.usage = Usage.OVER
        else:
            self._over_since = None
            self.usage = Usage.UNDER if trend < -self._threshold else Usage.NORMAL
        self._last_trend = trend
        self._adapt(trend, now)

    def _adapt(self, trend: float, now: float) -> None:
        """The threshold follows the trend, so that a competing TCP does not starve us."""
        elapsed = min(0.1, max(0.0, now - self._last_update)) * 1000
        self._last_update = now
        distance = abs(trend) - self._threshold
        if distance > 15:
            # A sudden leap (a route change) is no reason to become deaf.
            return
        factor = THRESHOLD_DOWN if distance < 0 else THRESHOLD_UP
        low, high = THRESHOLD_MS
        self._threshold = min(high, max(low, self._threshold + factor * distance * elapsed))

    def _measure_queue(self, sent: float, arrived: float) -> None:
        delay = arrived - sent
        least = self._least
        while least and least[-1][1] >= delay:
            least.pop()
        least.append((sent, delay))
        while sent - least[0][0] > LEAST_DELAY_MEMORY_SECONDS:
            least.popleft()
        self.queueing_delay = delay - least[0][1]


def _slope(points: deque[tuple[float, float]]) -> float:
    """Least squares, delay per time."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    numerator = sum((x - mean_x) * (y - mean_y) for x, y in points)
    denominator = sum((x - mean_x) ** 2 for x, _ in points)
    return numerator / denominator if denominator else 0.0
