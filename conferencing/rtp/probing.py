"""Finds out whether a line carries more than is sent: short bursts of padding, rarer each time they find nothing."""

from __future__ import annotations

from collections.abc import Sequence

from conferencing.rtp.bandwidth import BandwidthEstimate
from conferencing.rtp.sent_packets import Acknowledged

PROBE_SECONDS = 0.16
PROBE_GROWTH = 2.0
"""A probe asks for so many times the present estimate: a line that is full is troubled by it for a moment only."""
FIRST_PROBE_AFTER_SECONDS = 0.3
NEXT_PROBE_AFTER_SECONDS = 0.4
FAILED_AFTER_SECONDS = (3.0, 30.0)
CALM_SECONDS = 4.0
"""No probe so soon after the line was full."""
ANSWER_SECONDS = 1.5
LEAST_ARRIVED = 0.7
CONGESTED_SHARE = 0.9
SAFETY = 0.95
FOUND_MORE = 1.25
BEYOND = 1.25
"""More than is wanted: what a probe shows is a little less than what it sent."""


class Prober:
    """One receiver. `padding` says what to send; `acknowledged` what came of it."""

    def __init__(self, now: float) -> None:
        self.number = 0
        self.sent = 0
        self.succeeded = 0
        self._next = now + FIRST_PROBE_AFTER_SECONDS
        self._pause = FAILED_AFTER_SECONDS[0]
        self._bitrate = self._before = 0.0
        self._begun = 0.0
        self._owed = 0.0
        self._last = 0.0
        self._sending = False
        self._arrived: list[Acknowledged] = []
        self._lost = 0

    @property
    def running(self) -> bool:
        """True while packets that go out belong to the probe."""
        return self._sending

    def padding(self, estimate: BandwidthEstimate, wanted: float, sending: float, now: float) -> int:
        """Octets of padding to send now. `wanted` bit/s would be of use, `sending` bit/s go out anyway."""
        if self._sending:
            return self._continue(sending, now)
        if self._bitrate:
            if now - self._begun > PROBE_SECONDS + ANSWER_SECONDS:
                self._finish(estimate, now)
            return 0
        if not self._due(estimate, wanted, now):
            return 0
        self.number += 1
        self.sent += 1
        self._before = estimate.bitrate
        self._bitrate = min(wanted * BEYOND, estimate.bitrate * PROBE_GROWTH)
        self._begun = self._last = now
        self._owed = 0.0
        self._sending = True
        self._arrived.clear()
        self._lost = 0
        return 0

    def dare(self, estimate: BandwidthEstimate, wanted: float, now: float) -> None:
        """For a receiver that can be sent no padding: believes in more now and then, and the picture is the probe."""
        if self._due(estimate, wanted, now):
            self.sent += 1
            estimate.probed(min(wanted, estimate.bitrate * PROBE_GROWTH), now)
            self._next = now + self._pause
            self._pause = min(FAILED_AFTER_SECONDS[1], self._pause * 1.5)

    def overspent(self, octets: int) -> None:
        """So much more than asked for was sent: packets are not of every size."""
        self._owed -= octets

    def acknowledged(self, packets: Sequence[Acknowledged], estimate: BandwidthEstimate, now: float) -> None:
        """Feedback came; the estimate is told when it completes a probe."""
        if not self._bitrate:
            return
        for packet in packets:
            if packet.probe == self.number:
                if packet.arrived is None:
                    self._lost += 1
                else:
                    self._arrived.append(packet)
        later = any(packet.sent > self._begun + PROBE_SECONDS and packet.probe != self.number for packet in packets)
        if later and not self._sending:
            self._finish(estimate, now)

    def _due(self, estimate: BandwidthEstimate, wanted: float, now: float) -> bool:
        if now < self._next or wanted <= estimate.bitrate or estimate.overused:
            return False
        return now - estimate.congested_at >= CALM_SECONDS

    def _continue(self, sending: float, now: float) -> int:
        if now - self._begun >= PROBE_SECONDS:
            self._sending = False
            return 0
        self._owed += (now - self._last) * max(0.0, self._bitrate - sending) / 8
        self._last = now
        octets = max(0, int(self._owed))
        self._owed -= octets
        return octets

    def _finish(self, estimate: BandwidthEstimate, now: float) -> None:
        shown = self._shown()
        self._bitrate = 0.0
        if shown > estimate.bitrate:
            estimate.probed(shown, now)
        # What was there before the probe, for the probe itself may have lowered the estimate for a moment.
        if shown > self._before * FOUND_MORE:
            self.succeeded += 1
            self._pause = FAILED_AFTER_SECONDS[0]
            self._next = now + NEXT_PROBE_AFTER_SECONDS
        else:
            self._next = now + self._pause
            self._pause = min(FAILED_AFTER_SECONDS[1], self._pause * 2)

    def _shown(self) -> float:
        """The bitrate that came through, 0 when the probe says nothing."""
        packets = self._arrived
        if len(packets) < 5 or len(packets) < LEAST_ARRIVED * (len(packets) + self._lost):
            return 0.0
        sent_rate = _rate([(packet.sent, packet.octets) for packet in packets], last=True)
        arrived_rate = _rate([(packet.arrived or 0.0, packet.octets) for packet in packets], last=False)
        if not sent_rate or not arrived_rate:
            return 0.0
        if arrived_rate < CONGESTED_SHARE * sent_rate:
            return arrived_rate * SAFETY * CONGESTED_SHARE
        return min(sent_rate, arrived_rate) * SAFETY


def _rate(points: list[tuple[float, int]], *, last: bool) -> float:
    """Bits per second over the time between first and last, without the octets of the one at that end."""
    points.sort()
    begin, end = points[0][0], points[-1][0]
    if end - begin < PROBE_SECONDS / 4:
        return 0.0
    left_out = end if last else begin
    octets = sum(size for time, size in points if time != left_out)
    return octets * 8 / (end - begin)
