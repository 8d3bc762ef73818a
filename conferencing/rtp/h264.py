"""H.264 payloads (RFC 6184): where a key frame begins. Reads NAL unit types only."""

from __future__ import annotations

from conferencing.rtp.header import Buffer, RtpError

_SPS, _STAP_A = 7, 24


def starts_keyframe(packet: Buffer, start: int, end: int) -> bool:
    """True for the packet with the sequence parameter set, which precedes every IDR picture. Raises RtpError.

    The parameter set and not the slice: a decoder that begins at the slice alone has nothing to decode by.
    """
    if start >= end:
        raise RtpError("empty H.264 payload")
    kind = packet[start] & 0x1F
    if kind != _STAP_A:
        return kind == _SPS
    position = start + 1
    while position + 2 < end:
        size = (packet[position] << 8) | packet[position + 1]
        if packet[position + 2] & 0x1F == _SPS:
            return True
        position += 2 + size
    return False
