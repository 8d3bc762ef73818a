"""The last packets of one outgoing stream as they went out, so that a NACK is answered with the same bytes.

The same bytes: AES-GCM must never protect different ones under one index (RFC 7714 section 8).
"""

from __future__ import annotations

RESEND_INTERVAL_SECONDS = 0.02
"""A packet is not sent again sooner: one loss asked for twice costs the line once."""


class PacketCache:
    """A ring of ciphertexts by outgoing sequence number. `capacity` must be a power of two."""

    __slots__ = ("_mask", "_packets", "_resent", "_sequence_numbers")

    def __init__(self, capacity: int) -> None:
        if capacity & (capacity - 1):
            raise ValueError("capacity must be a power of two")
        self._mask = capacity - 1
        self._packets: list[bytes] = [b""] * capacity
        self._sequence_numbers = [-1] * capacity
        self._resent = [float("-inf")] * capacity

    def store(self, sequence_number: int, ciphertext: bytes) -> None:
        index = sequence_number & self._mask
        self._packets[index] = ciphertext
        self._sequence_numbers[index] = sequence_number
        self._resent[index] = float("-inf")

    def again(self, sequence_number: int, now: float) -> bytes | None:
        """The packet to resend, or None when it is gone or was resent a moment ago."""
        index = sequence_number & self._mask
        if self._sequence_numbers[index] != sequence_number:
            return None
        if now - self._resent[index] < RESEND_INTERVAL_SECONDS:
            return None
        self._resent[index] = now
        return self._packets[index]
