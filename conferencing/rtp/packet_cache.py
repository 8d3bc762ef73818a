"""The last packets of one outgoing stream, so that a NACK can be answered.

Either as they went out, for AES-GCM must never protect different bytes under one index (RFC 7714 section 8), or as
what the RTX stream (RFC 4588) is made of, which has indices of its own.
"""

from __future__ import annotations

from typing import Generic, TypeVar

RESEND_INTERVAL_SECONDS = 0.02
"""A packet is not sent again sooner: one loss asked for twice costs the line once."""

T = TypeVar("T")


class PacketCache(Generic[T]):
    """A ring by outgoing sequence number. `capacity` must be a power of two."""

    __slots__ = ("_mask", "_packets", "_resent", "_sequence_numbers", "_stored")

    def __init__(self, capacity: int) -> None:
        if capacity & (capacity - 1):
            raise ValueError("capacity must be a power of two")
        self._mask = capacity - 1
        self._packets: list[T | None] = [None] * capacity
        self._sequence_numbers = [-1] * capacity
        self._resent = [float("-inf")] * capacity
        self._stored = -1

    def store(self, sequence_number: int, packet: T) -> None:
        index = sequence_number & self._mask
        self._packets[index] = packet
        self._sequence_numbers[index] = self._stored = sequence_number
        self._resent[index] = float("-inf")

    def again(self, sequence_number: int, now: float) -> T | None:
        """The packet to resend, or None when it is gone or was resent a moment ago."""
        index = sequence_number & self._mask
        if self._sequence_numbers[index] != sequence_number:
            return None
        if now - self._resent[index] < RESEND_INTERVAL_SECONDS:
            return None
        self._resent[index] = now
        return self._packets[index]

    def recent(self, back: int) -> tuple[int, T] | None:
        """The packet stored so many before the last, with its number: what a probe may repeat."""
        if self._stored < 0:
            return None
        number = (self._stored - back) & 0xFFFF
        index = number & self._mask
        packet = self._packets[index]
        return (number, packet) if packet is not None and self._sequence_numbers[index] == number else None
