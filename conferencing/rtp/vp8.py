"""VP8 payload descriptor (RFC 7741 section 4.2): where a frame starts, key frames, and the running ids to rewrite."""

from __future__ import annotations

from typing import NamedTuple

from conferencing.rtp.header import Buffer, RtpError


class Vp8Descriptor(NamedTuple):
    """Positions are absolute in the packet; -1 where the field is absent. `picture_id_bits` is 0, 7 or 15."""

    frame_start: bool
    keyframe: bool
    picture_id: int
    picture_id_position: int
    picture_id_bits: int
    tl0_picture_index: int
    tl0_position: int


def parse_descriptor(packet: Buffer, start: int, end: int) -> Vp8Descriptor:
    """Descriptor of the payload between `start` and `end`. Raises RtpError."""
    if start >= end:
        raise RtpError("empty VP8 payload")
    first = packet[start]
    position = start + 1
    picture_id = picture_id_position = tl0 = tl0_position = -1
    bits = 0
    if first & 0x80:
        if position >= end:
            raise RtpError("truncated VP8 descriptor")
        flags = packet[position]
        position += 1
        if flags & 0x80:
            if position >= end:
                raise RtpError("truncated VP8 picture id")
            picture_id_position = position
            if packet[position] & 0x80:
                if position + 1 >= end:
                    raise RtpError("truncated VP8 picture id")
                picture_id = ((packet[position] & 0x7F) << 8) | packet[position + 1]
                bits = 15
                position += 2
            else:
                picture_id = packet[position]
                bits = 7
                position += 1
        if flags & 0x40:
            if position >= end:
                raise RtpError("truncated VP8 layer index")
            tl0 = packet[position]
            tl0_position = position
            position += 1
        if flags & 0x30:
            position += 1
    if position >= end:
        raise RtpError("VP8 descriptor without payload")
    frame_start = bool(first & 0x10) and not first & 0x07
    # RFC 7741 section 4.3: bit P of the first octet of the first partition is 0 in a key frame.
    return Vp8Descriptor(
        frame_start,
        frame_start and not packet[position] & 0x01,
        picture_id,
        picture_id_position,
        bits,
        tl0,
        tl0_position,
    )


def write_picture_id(packet: bytearray | memoryview, position: int, bits: int, picture_id: int) -> None:
    """Writes a picture id in the form (7 or 15 bits) it came in."""
    if bits == 15:
        packet[position] = 0x80 | ((picture_id >> 8) & 0x7F)
        packet[position + 1] = picture_id & 0xFF
    else:
        packet[position] = picture_id & 0x7F
