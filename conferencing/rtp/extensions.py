"""Header extensions of outgoing packets (RFC 8285), as a block whose changing fields have fixed places."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

LARGEST_ONE_BYTE_ID = 14
LONGEST_PLAYOUT_DELAY = 1000
"""Ten seconds: leaves the receiver free. A small one would switch libwebrtc to rendering without smoothing."""
_BLOCK = struct.Struct("!HH")


class ExtensionBlock(NamedTuple):
    """`octets` follow the fixed header; positions are from the start of the packet, 0 where the field is absent."""

    octets: bytes
    transport_position: int
    time_position: int
    level_position: int
    delay_position: int


NO_EXTENSIONS = ExtensionBlock(b"", 0, 0, 0, 0)


def outgoing_block(ids: Mapping[str, int], mid: str | None, *, video: bool, header_bytes: int = 12) -> ExtensionBlock:
    """The block for one stream, by the ids of who receives it.

    abs-send-time is of use only to a receiver that estimates by itself: left out where transport-cc is negotiated.
    """
    usable = {uri: number for uri, number in ids.items() if 1 <= number <= LARGEST_ONE_BYTE_ID}
    fields: list[tuple[str, int]] = []
    if TRANSPORT_CC_URI in usable:
        fields.append((TRANSPORT_CC_URI, 2))
    elif ABS_SEND_TIME_URI in usable:
        fields.append((ABS_SEND_TIME_URI, 3))
    if not video and AUDIO_LEVEL_URI in usable:
        fields.append((AUDIO_LEVEL_URI, 1))
    if video and PLAYOUT_DELAY_URI in usable:
        fields.append((PLAYOUT_DELAY_URI, 3))
    octets = bytearray(_BLOCK.size)
    positions: dict[str, int] = {}
    for uri, size in fields:
        octets.append(usable[uri] << 4 | (size - 1))
        positions[uri] = header_bytes + len(octets)
        octets += playout_delay(0) if uri == PLAYOUT_DELAY_URI else bytes(size)
    if mid is not None and MID_URI in usable and 1 <= len(mid) <= 16:
        octets.append(usable[MID_URI] << 4 | (len(mid) - 1))
        octets += mid.encode("ascii")
    if len(octets) == _BLOCK.size:
        return NO_EXTENSIONS
    octets += bytes(-len(octets) % 4)
    _BLOCK.pack_into(octets, 0, 0xBEDE, len(octets) // 4 - 1)
    return ExtensionBlock(
        bytes(octets),
        positions.get(TRANSPORT_CC_URI, 0),
        positions.get(ABS_SEND_TIME_URI, 0),
        positions.get(AUDIO_LEVEL_URI, 0),
        positions.get(PLAYOUT_DELAY_URI, 0),
    )


def playout_delay(least: int) -> bytes:
    """Least delay, in tens of milliseconds, and the most that may be said: 12 bits each."""
    return (least << 12 | LONGEST_PLAYOUT_DELAY).to_bytes(3, "big")


def absolute_send_time(now: float) -> int:
    """24 bits of 6.18 fixed point seconds, http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time."""
    return int(now * (1 << 18)) & 0xFF_FFFF
