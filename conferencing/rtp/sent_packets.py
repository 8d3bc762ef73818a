"""What was sent to one receiver under which transport sequence number, until its feedback says what became of it."""

from __future__ import annotations

from typing import NamedTuple

from conferencing.rtp.transport_feedback import TransportFeedback

CAPACITY = 4096
"""A power of two; at the fastest line more than two seconds of packets."""


class Acknowledged(NamedTuple):
    """`arrived` in the receiver's clock, None when lost. `probe` is the number of the probe it was part of, or 0."""

    sent: float
    arrived: float | None
    octets: int
    probe: int


class SentPackets:
    """Transport sequence numbers of one receiver, over all its streams."""

    __slots__ = ("_next", "_numbers", "_octets", "_probes", "_times", "octets", "probe")

    def __init__(self) -> None:
        self._next = 0
        self._numbers = [-1] * CAPACITY
        self._times = [0.0] * CAPACITY
        self._octets = [0] * CAPACITY
        self._probes = [0] * CAPACITY
        self.octets = 0
        self.probe = 0

    def sent(self, octets: int, now: float) -> int:
        """The transport sequence number (16 bits) for a packet of so many octets that leaves now."""
        number = self._next
        self._next = (number + 1) & 0xFFFF
        index = number & (CAPACITY - 1)
        self._numbers[index] = number
        self._times[index] = now
        self._octets[index] = octets
        self._probes[index] = self.probe
        self.octets += octets
        return number

    def acknowledge(self, feedback: TransportFeedback) -> list[Acknowledged]:
        """What the feedback says of packets still known; each packet is told once."""
        found = []
        for number, arrived in feedback.arrivals:
            index = number & (CAPACITY - 1)
            if self._numbers[index] == number:
                self._numbers[index] = -1
                found.append(Acknowledged(self._times[index], arrived, self._octets[index], self._probes[index]))
        return found
