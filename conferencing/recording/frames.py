"""From packets to frames: order is restored, frames with a hole are left out, and said. No I/O; times are parameters.

VP8 after RFC 7741, H.264 after RFC 6184 (single NAL units, STAP-A, FU-A), Opus after RFC 7587.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conferencing.recording.wire import MediaPacket
from conferencing.rtp.header import RtpError
from conferencing.rtp.vp8 import parse_descriptor

REORDER_SECONDS = 0.6
"""As long a packet that was asked for again may take."""
REORDER_PACKETS = 1000
RESTART_SECONDS = 5.0
LARGEST_FRAME_BYTES = 4 << 20
_START_CODE = b"\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Frame:
    """`timestamp`: of RTP, extended so that it never wraps."""

    timestamp: int
    arrived: float
    keyframe: bool
    octets: bytes


class Reorder:
    """Packets of one layer in their order; a hole is given up after REORDER_SECONDS."""

    def __init__(self) -> None:
        self._waiting: dict[int, MediaPacket] = {}
        self._next: int | None = None
        self._highest = 0
        self._heard = float("inf")
        self._missing = False
        self.lost = 0

    def put(self, packet: MediaPacket, now: float) -> Iterator[tuple[MediaPacket, bool]]:
        """Packets that are due, each with whether one is missing right before it."""
        if now - self._heard > RESTART_SECONDS:
            # Muted, or paused: numbers may have run once around meanwhile.
            yield from self.due(float("inf"))
            self._missing = self._next is not None
            self._next = None
        self._heard = now
        if self._next is None:
            self._next = self._highest = packet.sequence_number
        delta = ((packet.sequence_number - self._highest + 0x8000) & 0xFFFF) - 0x8000
        number = self._highest + delta
        self._highest = max(self._highest, number)
        if number >= self._next:
            self._waiting[number] = packet
        yield from self.due(now)

    def due(self, now: float) -> Iterator[tuple[MediaPacket, bool]]:
        missing, self._missing = self._missing, False
        while self._waiting and self._next is not None:
            found = self._waiting.pop(self._next, None)
            if found is None:
                first = min(self._waiting)
                oldest = self._waiting[first].arrived
                if now - oldest < REORDER_SECONDS and len(self._waiting) < REORDER_PACKETS:
                    return
                self.lost += first - self._next
                self._next = first
                missing = True
                continue
            self._next += 1
            yield found, missing
            missing = False


class Frames:
    """Whole frames of one layer. `broken` is true while pictures wait for a key frame after a hole."""

    def __init__(self, codec: str) -> None:
        self._codec = codec.lower()
        self._octets = bytearray()
        self._timestamp: int | None = None
        self._extended = 0
        self._last: int | None = None
        self._keyframe = self._begun = self._whole = False
        self.broken = self._codec != "opus"
        self.left_out = 0

    def put(self, packet: MediaPacket, missing: bool) -> Frame | None:
        """The frame that this packet ends. Raises RtpError for a payload that is none."""
        if self._codec == "opus":
            return self._frame(packet.timestamp, packet.arrived, True, packet.payload) if packet.payload else None
        if missing:
            self._whole = False
            self.broken = True
        if not packet.payload:
            return None
        if packet.timestamp != self._timestamp:
            if self._timestamp is not None and self._octets:
                # The end of the frame before never came.
                self.left_out += 1
                self.broken = True
            self._timestamp = packet.timestamp
            self._octets.clear()
            self._keyframe = self._begun = False
            self._whole = True
        if self._codec == "vp8":
            self._vp8(packet.payload)
        else:
            self._h264(packet.payload)
        if len(self._octets) > LARGEST_FRAME_BYTES:
            self._octets.clear()
            self._whole = False
        return self._finish(packet) if packet.marker else None

    def _finish(self, packet: MediaPacket) -> Frame | None:
        octets, whole = bytes(self._octets), self._whole and self._begun
        self._octets.clear()
        self._timestamp = None
        if not whole or not octets or (self.broken and not self._keyframe):
            self.left_out += 1
            self.broken = True
            return None
        self.broken = False
        return self._frame(packet.timestamp, packet.arrived, self._keyframe, octets)

    def _frame(self, timestamp: int, arrived: float, keyframe: bool, octets: bytes) -> Frame:
        if self._last is not None:
            self._extended += ((timestamp - self._last + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
        self._last = timestamp
        return Frame(self._extended, arrived, keyframe, octets)

    def _vp8(self, payload: bytes) -> None:
        descriptor = parse_descriptor(payload, 0, len(payload))
        if descriptor.frame_start:
            self._begun = True
            self._keyframe = descriptor.keyframe
        self._octets += payload[_vp8_body(payload) :]

    def _h264(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if 1 <= kind <= 23:
            self._nal(payload)
        elif kind == 24:
            position = 1
            while position + 2 <= len(payload):
                size = int.from_bytes(payload[position : position + 2], "big")
                if size == 0 or position + 2 + size > len(payload):
                    raise RtpError("H.264 STAP-A")
                self._nal(payload[position + 2 : position + 2 + size])
                position += 2 + size
        elif kind == 28 and len(payload) >= 2:
            if payload[1] & 0x80:
                self._nal(bytes([(payload[0] & 0xE0) | (payload[1] & 0x1F)]) + payload[2:])
            elif self._begun:
                self._octets += payload[2:]
        else:
            raise RtpError("H.264 packetization")

    def _nal(self, unit: bytes) -> None:
        self._begun = True
        # A sequence parameter set or an IDR slice: a decoder may begin here (H.264 table 7-1).
        self._keyframe |= unit[0] & 0x1F in (5, 7)
        self._octets += _START_CODE + unit


def _vp8_body(payload: bytes) -> int:
    """Octets of the payload descriptor, RFC 7741 section 4.2."""
    position = 1
    if payload[0] & 0x80:
        flags = payload[1]
        position = 2
        if flags & 0x80:
            position += 2 if payload[position] & 0x80 else 1
        position += bool(flags & 0x40)
        position += bool(flags & 0x30)
    return position


def picture_size(codec: str, keyframe: bytes) -> tuple[int, int] | None:
    """Width and height that a VP8 key frame says (RFC 6386 section 9.1); None where it cannot be told here."""
    if codec.lower() != "vp8" or len(keyframe) < 10 or keyframe[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(keyframe[6:8], "little") & 0x3FFF, int.from_bytes(keyframe[8:10], "little") & 0x3FFF
