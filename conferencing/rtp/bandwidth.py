"""How much one receiver's line carries: delay trend and loss in, bits per second out (draft-ietf-rmcat-gcc-02).

Beside GCC: loss that stays when the rate falls is the line's own and no reason to fall further; a line that loses
every tenth packet of whatever is sent still carries a picture.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from conferencing.rtp.delay_trend import DelayTrend, Usage
from conferencing.rtp.sent_packets import Acknowledged

LOWEST_BITRATE = 40_000.0
HIGHEST_BITRATE = 20_000_000.0
START_BITRATE = 500_000.0
"""What nearly every line carries; the first probe says more within a second."""

DECREASE = 0.85
INCREASE_PER_SECOND = 1.08
NEAR_CAPACITY = 1.1
ADDED_PER_SECOND = 12_000.0
"""Bits per second per second, near the rate at which the line was last full."""
HEADROOM = 1.5
"""A rate of which only a part is used is not known to be there."""
DECREASE_INTERVAL_SECONDS = 0.3
STANDING_QUEUE_SECONDS = 0.4
LONG_QUEUE_SECONDS = 0.2
DRAINING = 0.7
"""A queue in which speech waits so long must become shorter, not only stop growing."""
RATE_WINDOW_SECONDS = 0.4
LOSS_INTERVAL_SECONDS = 1.0
LOSS_WINDOW_SECONDS = 3.0
LOSS_WINDOW_PACKETS = 60
HIGH_LOSS, LOW_LOSS = 0.10, 0.02
CHANCE = 1.3
OWN_LOSS_LIMIT = 0.3
LESS_SENT = 0.75
"""Loss that stays although so much less is sent is the line's own."""
SMALL_BITRATE = 150_000.0
"""No line in use is full with so little, unless its queue says so."""
MISSING_LIMIT = 1000
CUT_PACKETS, CUT_SECONDS = 8, 0.4
CAPACITY_MEMORY_SECONDS = 60.0


class BandwidthEstimate:
    """`bitrate` of one receiver. `congested_at` is when the line was last found to be full."""

    def __init__(self, start: float = START_BITRATE) -> None:
        self.bitrate = start
        self.congested_at = float("-inf")
        self.trend = DelayTrend()
        self.loss = 0.0
        self.own_loss = 0.0
        self.acknowledged = 0.0
        self._missing: deque[tuple[float, int]] = deque(maxlen=MISSING_LIMIT)
        self._last_arrived = float("-inf")
        self._arrived: deque[tuple[float, int]] = deque()
        self._sent: deque[tuple[float, int]] = deque()
        self._statuses: deque[tuple[float, bool]] = deque()
        self._lost = 0
        self._capacity: float | None = None
        self._last_increase: float | None = None
        self._last_decrease = float("-inf")
        self._loss_judged = float("-inf")
        self._suspect: tuple[float, float] | None = None

    @property
    def overused(self) -> bool:
        return self.trend.usage is Usage.OVER

    def feedback(self, packets: Sequence[Acknowledged], now: float) -> None:
        """What became of packets, by the receiver's transport-wide feedback."""
        for packet in packets:
            self._count(packet, now)
        self._forget(now)
        if len(self._arrived) > 1:
            self.acknowledged = sum(octets for _, octets in self._arrived) * 8 / RATE_WINDOW_SECONDS
        if self.trend.usage is Usage.OVER or self.trend.queueing_delay > STANDING_QUEUE_SECONDS:
            self._overused(now)
        elif self.trend.usage is Usage.NORMAL:
            self._increase(now)
        else:
            # The queue is draining: what was learnt is kept.
            self._last_increase = now
        if len(self._statuses) >= LOSS_WINDOW_PACKETS and now - self._loss_judged >= LOSS_INTERVAL_SECONDS:
            self._loss_judged = now
            sent = sum(octets for _, octets in self._sent) * 8 / RATE_WINDOW_SECONDS
            self.lost(self._lost, len(self._statuses), sent, now)

    def lost(self, lost: int, packets: int, sent_bitrate: float, now: float) -> None:
        """Of so many packets sent of late so many are lost; the rate is that of the last moment."""
        fraction = self.loss = lost / packets
        self._learn_own_loss(fraction, sent_bitrate)
        excess = max(0.0, (fraction - self.own_loss) / (1 - self.own_loss))
        # Few packets say little: what chance alone would do in one case of ten is not counted.
        if excess - CHANCE * math.sqrt(fraction * (1 - fraction) / packets) > HIGH_LOSS:
            delivered = sent_bitrate * (1 - fraction)
            self._decrease(max(min(self.bitrate, sent_bitrate) * (1 - 0.5 * excess), delivered * 0.9), now)

    def told(self, bitrate: float, now: float) -> None:
        """REMB: the receiver estimates by itself. It hears of congestion before we do, so its word counts."""
        if bitrate < self.bitrate * 0.9:
            self.congested_at = now
        self.bitrate = _bounded(bitrate)

    def probed(self, bitrate: float, now: float) -> None:
        """A probe showed that the line carries so much."""
        if bitrate > self.bitrate:
            self.bitrate = _bounded(bitrate)
            self._last_increase = now
            if self._capacity is not None and bitrate > self._capacity * NEAR_CAPACITY:
                self._capacity = None

    def _count(self, packet: Acknowledged, now: float) -> None:
        if packet.arrived is None:
            self._missing.append((packet.sent, packet.octets))
            return
        # A line that was cut says nothing of what it carries when it is whole.
        cut = len(self._missing) >= CUT_PACKETS and packet.sent - self._last_arrived >= CUT_SECONDS
        if not cut:
            for _, octets in self._missing:
                self._statuses.append((now, False))
                self._sent.append((now, octets))
            self._lost += len(self._missing)
        self._missing.clear()
        self._last_arrived = packet.sent
        self._statuses.append((now, True))
        self._sent.append((now, packet.octets))
        self._arrived.append((packet.arrived, packet.octets))
        self.trend.packet(packet.sent, packet.arrived)

    def _forget(self, now: float) -> None:
        while self._arrived and self._arrived[-1][0] - self._arrived[0][0] > RATE_WINDOW_SECONDS:
            self._arrived.popleft()
        while self._sent and now - self._sent[0][0] > RATE_WINDOW_SECONDS:
            self._sent.popleft()
        while len(self._statuses) > LOSS_WINDOW_PACKETS and now - self._statuses[0][0] > LOSS_WINDOW_SECONDS:
            _, arrived = self._statuses.popleft()
            self._lost -= not arrived

    def _overused(self, now: float) -> None:
        self._last_increase = now
        if now - self._last_decrease >= DECREASE_INTERVAL_SECONDS:
            factor = DRAINING if self.trend.queueing_delay > LONG_QUEUE_SECONDS else DECREASE
            self._decrease(factor * max(self.acknowledged, LOWEST_BITRATE), now)

    def _decrease(self, target: float, now: float) -> None:
        self.congested_at = now
        if target < self.bitrate:
            self._capacity = target / DECREASE
            self.bitrate = _bounded(target)
            self._last_decrease = now
        self._last_increase = now

    def _increase(self, now: float) -> None:
        since, self._last_increase = self._last_increase, now
        if since is None:
            return
        elapsed = min(1.0, now - since)
        if now - self.congested_at > CAPACITY_MEMORY_SECONDS:
            self._capacity = None
        near = self._capacity is not None and self.bitrate > 0.7 * self._capacity
        grown = self.bitrate + ADDED_PER_SECOND * elapsed if near else self.bitrate * INCREASE_PER_SECOND**elapsed
        ceiling = HEADROOM * self.acknowledged + 10_000
        if grown < ceiling:
            self.bitrate = _bounded(grown)

    def _learn_own_loss(self, fraction: float, sent_bitrate: float) -> None:
        if fraction < self.own_loss:
            self.own_loss += (fraction - self.own_loss) * 0.3
        if fraction <= LOW_LOSS:
            self._suspect = None
        elif self._suspect is None or fraction > 2 * self._suspect[0]:
            self._suspect = (fraction, sent_bitrate)
        elif sent_bitrate <= LESS_SENT * self._suspect[1] or sent_bitrate < SMALL_BITRATE:
            if fraction >= 0.6 * self._suspect[0]:
                self.own_loss = min(OWN_LOSS_LIMIT, max(self.own_loss, fraction))
            self._suspect = (fraction, sent_bitrate)


def _bounded(bitrate: float) -> float:
    return min(HIGHEST_BITRATE, max(LOWEST_BITRATE, bitrate))
