"""Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01): when each packet arrived.

Both ends: `TransportArrivals` collects what a sender's packets did and says it; `parse` reads what a receiver says.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from conferencing.rtp.header import RtpError

FORMAT = 15
_RTPFB = 205
_HEADER = struct.Struct("!BBHII")
_FIXED = struct.Struct("!HHI")
_TICK_SECONDS = 0.000250
_REFERENCE_SECONDS = 0.064
_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2
STATUSES_LIMIT = 1024
"""Packets one message may speak of: at most 8 % of a second of the fastest line."""
_WRAP = 1 << 24


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """`arrivals`: (transport sequence number, seconds in the receiver's clock, or None for not received)."""

    count: int
    arrivals: tuple[tuple[int, float | None], ...]


def parse(fci: bytes) -> TransportFeedback:
    """Reads the feedback control information. Raises RtpError."""
    if len(fci) < _FIXED.size:
        raise RtpError("transport feedback: truncated")
    base, status_count, word = _FIXED.unpack_from(fci)
    if not 0 < status_count <= STATUSES_LIMIT:
        raise RtpError("transport feedback: number of packets")
    reference, count = word >> 8, word & 0xFF
    if reference & 0x80_0000:
        reference -= _WRAP
    statuses, position = _statuses(fci, status_count)
    arrivals: list[tuple[int, float | None]] = []
    time = reference * _REFERENCE_SECONDS
    for index, status in enumerate(statuses):
        number = (base + index) & 0xFFFF
        if status == _NOT_RECEIVED:
            arrivals.append((number, None))
            continue
        size = 1 if status == _SMALL else 2
        if position + size > len(fci):
            raise RtpError("transport feedback: truncated deltas")
        delta = int.from_bytes(fci[position : position + size], "big", signed=size == 2)
        position += size
        time += delta * _TICK_SECONDS
        arrivals.append((number, time))
    return TransportFeedback(count, tuple(arrivals))


def _statuses(fci: bytes, wanted: int) -> tuple[list[int], int]:
    statuses: list[int] = []
    position = _FIXED.size
    while len(statuses) < wanted:
        if position + 2 > len(fci):
            raise RtpError("transport feedback: truncated chunks")
        chunk = (fci[position] << 8) | fci[position + 1]
        position += 2
        if not chunk & 0x8000:
            statuses.extend([chunk >> 13] * min(chunk & 0x1FFF, wanted - len(statuses)))
            if not chunk & 0x1FFF:
                raise RtpError("transport feedback: empty run")
        elif chunk & 0x4000:
            statuses.extend((chunk >> shift) & 0x03 for shift in range(12, -1, -2))
        else:
            statuses.extend((chunk >> shift) & 0x01 for shift in range(13, -1, -1))
    # Status 3 is reserved.
    if 3 in statuses[:wanted]:
        raise RtpError("transport feedback: reserved status")
    return statuses[:wanted], position


class TransportArrivals:
    """Arrivals of one sender's packets between two messages."""

    __slots__ = ("_arrived", "_count", "_highest", "_next")

    def __init__(self) -> None:
        self._arrived: dict[int, float] = {}
        self._highest = -1
        self._next = -1
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._arrived)

    def arrived(self, sequence_number: int, now: float) -> None:
        """A packet with this transport sequence number (16 bits) came."""
        highest = self._highest
        if highest < 0:
            extended = self._next = sequence_number + 0x10000
        else:
            extended = highest + ((sequence_number - highest + 0x8000) & 0xFFFF) - 0x8000
        if extended > highest:
            self._highest = extended
        if extended >= self._next:
            self._arrived[extended] = now

    def messages(self, ssrc: int, media_ssrc: int) -> list[bytes]:
        """Everything since the last call. What was lost in between is said to be so once."""
        if not self._arrived:
            return []
        numbers = sorted(self._arrived)
        # A sender that jumps far ahead has lost its way, not so many packets.
        if numbers[-1] - self._next >= 4 * STATUSES_LIMIT:
            self._next = next(n for n in numbers if n > numbers[-1] - STATUSES_LIMIT)
            numbers = [number for number in numbers if number >= self._next]
        found = []
        begin = self._next
        while begin <= numbers[-1]:
            message, begin = self._message(begin, numbers[-1], ssrc, media_ssrc)
            found.append(message)
        self._next = numbers[-1] + 1
        self._arrived.clear()
        return found

    def _message(self, begin: int, last: int, ssrc: int, media_ssrc: int) -> tuple[bytes, int]:
        """One message from `begin` on, and where the next must begin: a delta may not fit in 16 bits."""
        arrived = self._arrived
        first = next(number for number in range(begin, last + 1) if number in arrived)
        begin = max(begin, first - STATUSES_LIMIT + 1)
        reference = int(arrived[first] / _REFERENCE_SECONDS)
        ticks = round(reference * _REFERENCE_SECONDS / _TICK_SECONDS)
        statuses: list[int] = []
        deltas = bytearray()
        number = begin
        while number <= last and len(statuses) < STATUSES_LIMIT:
            time = arrived.get(number)
            if time is None:
                statuses.append(_NOT_RECEIVED)
            else:
                at = round(time / _TICK_SECONDS)
                delta = at - ticks
                if not -0x8000 <= delta <= 0x7FFF:
                    break
                ticks = at
                if 0 <= delta <= 0xFF:
                    statuses.append(_SMALL)
                    deltas.append(delta)
                else:
                    statuses.append(_LARGE)
                    deltas += delta.to_bytes(2, "big", signed=True)
            number += 1
        body = _FIXED.pack(begin & 0xFFFF, len(statuses), (reference % _WRAP) << 8 | self._count)
        self._count = (self._count + 1) & 0xFF
        body += _chunks(statuses) + deltas
        body += bytes(-len(body) % 4)
        return _HEADER.pack(0x80 | FORMAT, _RTPFB, 2 + len(body) // 4, ssrc, media_ssrc) + body, number


def _chunks(statuses: Sequence[int]) -> bytes:
    """Runs where they pay, else seven statuses of two bits."""
    out = bytearray()
    index = 0
    while index < len(statuses):
        status = statuses[index]
        run = 1
        while index + run < len(statuses) and statuses[index + run] == status and run < 0x1FFF:
            run += 1
        if run >= 7 or index + run == len(statuses):
            out += (status << 13 | run).to_bytes(2, "big")
            index += run
        else:
            some = list(statuses[index : index + 7])
            some += [0] * (7 - len(some))
            chunk = 0xC000
            for offset, one in enumerate(some):
                chunk |= one << (12 - 2 * offset)
            out += chunk.to_bytes(2, "big")
            index += 7
    return bytes(out)
