"""Which packets of one incoming stream are missing and when to ask for each again: sound as well as pictures."""

from __future__ import annotations

import struct
from collections.abc import Sequence

LARGEST_GAP = 250
"""More lost at once is not asked for: a key frame (or new speech) is there sooner."""
MISSING_LIMIT = 500
REORDER_SECONDS = 0.01
"""A packet may merely have been overtaken."""
RETRY_LIMIT = 10
SHORTEST_RETRY_SECONDS = 0.03
RETRY_ROUND_TRIPS = 1.2

_HEADER = struct.Struct("!BBHII")
_GENERIC_NACK, _RTPFB = 1, 205


class _Missing:
    __slots__ = ("asked", "since", "tries")

    def __init__(self, now: float) -> None:
        self.since = now
        self.asked = float("-inf")
        self.tries = 0


class NackRequests:
    """Of one SSRC, by extended sequence numbers. `patience`: seconds after which a packet is of no more use."""

    __slots__ = ("_highest", "_missing", "given_up", "patience", "requested")

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self.requested = 0
        self.given_up = 0
        self._highest = -1
        self._missing: dict[int, _Missing] = {}

    @property
    def pending(self) -> bool:
        return bool(self._missing)

    def arrived(self, extended_sequence: int, now: float) -> bool:
        """A packet came, whichever way. True when so much is gone that only a fresh start helps."""
        highest = self._highest
        if extended_sequence <= highest:
            self._missing.pop(extended_sequence, None)
            return False
        self._highest = extended_sequence
        gap = extended_sequence - highest - 1
        if not gap or highest < 0:
            return False
        if gap > LARGEST_GAP:
            self.given_up += len(self._missing)
            self._missing.clear()
            return True
        for number in range(highest + 1, extended_sequence):
            self._missing[number] = _Missing(now)
        while len(self._missing) > MISSING_LIMIT:
            del self._missing[next(iter(self._missing))]
            self.given_up += 1
        return False

    def due(self, now: float, round_trip: float) -> list[int]:
        """Sequence numbers (16 bits) to ask for now; what was asked too often or is too old is given up."""
        retry = max(SHORTEST_RETRY_SECONDS, round_trip * RETRY_ROUND_TRIPS)
        asked, hopeless = [], []
        for number, missing in self._missing.items():
            if missing.tries >= RETRY_LIMIT or now - missing.since > self.patience:
                hopeless.append(number)
            elif now - missing.since >= REORDER_SECONDS and now - missing.asked >= retry:
                missing.asked = now
                missing.tries += 1
                asked.append(number & 0xFFFF)
        for number in hopeless:
            del self._missing[number]
        self.given_up += len(hopeless)
        self.requested += len(asked)
        return asked


def generic_nack(ssrc: int, media_ssrc: int, sequence_numbers: Sequence[int]) -> bytes:
    """RFC 4585 section 6.2.1; the numbers in the order in which they were sent, wrapping at 2**16."""
    pairs: list[tuple[int, int]] = []
    for number in sequence_numbers:
        if pairs:
            first, mask = pairs[-1]
            distance = (number - first - 1) & 0xFFFF
            if distance < 16:
                pairs[-1] = (first, mask | 1 << distance)
                continue
        pairs.append((number & 0xFFFF, 0))
    items = b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return _HEADER.pack(0x80 | _GENERIC_NACK, _RTPFB, 2 + len(pairs), ssrc, media_ssrc) + items
