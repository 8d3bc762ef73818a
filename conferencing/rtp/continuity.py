"""One outgoing stream out of changing sources: sequence numbers, timestamps and picture ids that never jump back.

The receiver of a slot sees a single SSRC for the whole call. Knows nothing of who the sources are.
"""

from __future__ import annotations

from typing import NamedTuple

# libsrtp refuses what is further behind than its window; a later packet would be of no use either.
REORDER_WINDOW = 1000
# A source that jumps further has restarted: the jump would be mistaken for as many lost packets.
LARGEST_GAP = 3000
FIRST_SEQUENCE_NUMBERS = 1 << 15
"""Start below this, so that both ends agree on the rollover counter (RFC 3711 section 3.3.1)."""


class OutgoingIds(NamedTuple):
    """What to write into the forwarded packet. `picture_id` and `tl0_picture_index` as given, shifted."""

    sequence_number: int
    timestamp: int
    picture_id: int
    tl0_picture_index: int


class Continuity:
    """Shifts one source's ids so that they follow on what the slot sent before."""

    __slots__ = (
        "_anchored",
        "_clock_rate",
        "_first",
        "_highest",
        "_last_picture_id",
        "_last_time",
        "_last_timestamp",
        "_last_tl0",
        "_next_sequence",
        "_picture_id_offset",
        "_sequence_offset",
        "_tl0_offset",
        "timestamp_offset",
    )

    def __init__(self, clock_rate: int, first_sequence_number: int, first_timestamp: int) -> None:
        if not 0 <= first_sequence_number < FIRST_SEQUENCE_NUMBERS:
            raise ValueError("the first sequence number must be below 2**15")
        self._clock_rate = clock_rate
        self._anchored = False
        self._next_sequence = first_sequence_number
        self._last_timestamp = first_timestamp
        self._last_time: float | None = None
        self._last_picture_id = -1
        self._last_tl0 = -1
        self._first = self._highest = 0
        self._sequence_offset = self._picture_id_offset = self._tl0_offset = 0
        self.timestamp_offset = 0

    @property
    def anchored(self) -> bool:
        """False when the next packet given begins a new run (a switch, or after a pause)."""
        return self._anchored

    @property
    def last_timestamp(self) -> int:
        return self._last_timestamp

    def restart(self) -> None:
        """The next packet is of another source, or of the same one after a pause."""
        self._anchored = False

    def follow(
        self, extended_sequence: int, timestamp: int, picture_id: int, tl0_picture_index: int, now: float
    ) -> OutgoingIds | None:
        """Ids of the outgoing packet, or None when it is older than the run and must be dropped.

        Each extended sequence number maps to its own outgoing one, once: an SRTP index is never used twice as
        long as the caller gives no packet twice.
        """
        if self._anchored and extended_sequence > self._highest + LARGEST_GAP:
            self._anchored = False
        if not self._anchored:
            self._anchor(extended_sequence, timestamp, picture_id, tl0_picture_index, now)
        elif extended_sequence < self._first or extended_sequence < self._highest - REORDER_WINDOW:
            return None
        sequence = extended_sequence + self._sequence_offset
        out_timestamp = (timestamp + self.timestamp_offset) & 0xFFFF_FFFF
        out_picture_id = (picture_id + self._picture_id_offset) & 0x7FFF if picture_id >= 0 else -1
        out_tl0 = (tl0_picture_index + self._tl0_offset) & 0xFF if tl0_picture_index >= 0 else -1
        if extended_sequence >= self._highest:
            self._highest = extended_sequence
            self._next_sequence = sequence + 1
            self._last_timestamp = out_timestamp
            self._last_time = now
            if out_picture_id >= 0:
                self._last_picture_id = out_picture_id
            if out_tl0 >= 0:
                self._last_tl0 = out_tl0
        return OutgoingIds(sequence & 0xFFFF, out_timestamp, out_picture_id, out_tl0)

    def _anchor(
        self, extended_sequence: int, timestamp: int, picture_id: int, tl0_picture_index: int, now: float
    ) -> None:
        self._anchored = True
        self._first = self._highest = extended_sequence
        self._sequence_offset = self._next_sequence - extended_sequence
        if self._last_time is None:
            wanted = self._last_timestamp
        else:
            # Wall time since the last packet, so that the receiver's jitter buffer sees no leap.
            wanted = self._last_timestamp + max(1, round((now - self._last_time) * self._clock_rate))
        self.timestamp_offset = (wanted - timestamp) & 0xFFFF_FFFF
        if picture_id >= 0:
            self._picture_id_offset = self._last_picture_id + 1 - picture_id if self._last_picture_id >= 0 else 0
        if tl0_picture_index >= 0:
            self._tl0_offset = self._last_tl0 + 1 - tl0_picture_index if self._last_tl0 >= 0 else 0
