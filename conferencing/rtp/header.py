"""RTP fixed header and header extensions (RFC 3550 section 5.1, RFC 8285). Knows bytes only."""

from __future__ import annotations

import struct
from typing import NamedTuple

_FIXED = struct.Struct("!BBHII")
FIXED_HEADER_BYTES = 12
_ONE_BYTE_PROFILE = 0xBEDE

Buffer = bytes | bytearray | memoryview


class RtpError(ValueError):
    """The peer's RTP packet is malformed."""


class RtpHeader(NamedTuple):
    """A parsed header. A tuple rather than a dataclass: one is made per packet received.

    `extension_start` and `extension_end` bound the RFC 8285 elements, both 0 when there are none.
    """

    payload_type: int
    marker: bool
    padding: bool
    sequence_number: int
    timestamp: int
    ssrc: int
    extension_profile: int
    extension_start: int
    extension_end: int
    payload_start: int


def parse_header(packet: Buffer, length: int) -> RtpHeader:
    """The header of the first `length` bytes. Raises RtpError."""
    if length < FIXED_HEADER_BYTES:
        raise RtpError("shorter than the fixed header")
    first, second, sequence_number, timestamp, ssrc = _FIXED.unpack_from(packet)
    if first >> 6 != 2:
        raise RtpError("version is not 2")
    position = FIXED_HEADER_BYTES + 4 * (first & 0x0F)
    profile = start = end = 0
    if first & 0x10:
        if length < position + 4:
            raise RtpError("truncated extension header")
        profile = (packet[position] << 8) | packet[position + 1]
        start = position + 4
        end = position = start + 4 * ((packet[position + 2] << 8) | packet[position + 3])
    if position > length:
        raise RtpError("truncated header")
    return RtpHeader(
        second & 0x7F,
        second >= 0x80,
        bool(first & 0x20),
        sequence_number,
        timestamp,
        ssrc,
        profile,
        start,
        end,
        position,
    )


def write_header(
    packet: bytearray | memoryview,
    *,
    padding: bool,
    marker: bool,
    payload_type: int,
    sequence_number: int,
    timestamp: int,
    ssrc: int,
    extension: bool = False,
) -> None:
    """Writes a fixed header without CSRC into the first 12 bytes; with `extension` an extension block must follow."""
    _FIXED.pack_into(
        packet,
        0,
        (0xA0 if padding else 0x80) | (0x10 if extension else 0),
        payload_type | 0x80 if marker else payload_type,
        sequence_number,
        timestamp,
        ssrc,
    )


def extension(packet: Buffer, header: RtpHeader, extension_id: int) -> bytes | None:
    """Value of one header extension element, or None (RFC 8285 sections 4.2 and 4.3).

    A malformed block ends the search: what is before the damage still counts.
    """
    position, end = header.extension_start, header.extension_end
    if header.extension_profile == _ONE_BYTE_PROFILE:
        while position < end:
            first = packet[position]
            position += 1
            if first == 0:
                continue
            if first >> 4 == 15:
                return None
            size = (first & 0x0F) + 1
            if first >> 4 == extension_id:
                return bytes(packet[position : position + size]) if position + size <= end else None
            position += size
    elif header.extension_profile & 0xFFF0 == 0x1000:
        while position + 1 < end:
            element, size = packet[position], packet[position + 1]
            if element == 0:
                position += 1
                continue
            position += 2
            if element == extension_id:
                return bytes(packet[position : position + size]) if position + size <= end else None
            position += size
    return None
