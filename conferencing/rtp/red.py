"""Redundant audio data (RFC 2198): where the primary block of a payload is. The redundant blocks go as they came."""

from __future__ import annotations

from typing import NamedTuple

from conferencing.rtp.header import Buffer, RtpError

BLOCKS_LIMIT = 8


class Primary(NamedTuple):
    payload_type: int
    start: int


def primary(packet: Buffer, start: int, end: int) -> Primary:
    """The newest block, which reaches to `end`. Raises RtpError."""
    position, skipped = start, 0
    for _ in range(BLOCKS_LIMIT):
        if position >= end:
            break
        first = packet[position]
        if not first & 0x80:
            begin = position + 1 + skipped
            if begin > end:
                break
            return Primary(first & 0x7F, begin)
        if position + 4 > end:
            break
        skipped += ((packet[position + 2] & 0x03) << 8) | packet[position + 3]
        position += 4
    raise RtpError("truncated RED payload")
