"""What publishers send and what verified receivers must get: packets that say when they left and what is in them."""

from __future__ import annotations

import hashlib
import random
import struct
import time

from benchmarks.sfu.peer import Peer
from benchmarks.sfu.sdp import AUDIO_SSRC, OPUS, VIDEO_SSRC, VP8
from conferencing.rtp.header import parse_header
from conferencing.rtp.vp8 import parse_descriptor

FRAMES_PER_SECOND = 30
PACKETS_PER_FRAME = 5
AUDIO_PACKETS_PER_SECOND = 50
VIDEO_BODY_BYTES = 1100
AUDIO_BODY_BYTES = 100
_STAMP = struct.Struct("!8sQI")
_MAGIC = b"thongsuo"
_FILLER = random.Random(6).randbytes(2000)


def body(number: int, length: int, now_ns: int) -> bytes:
    """Filler that follows from its number, with a check over it: one changed octet is found."""
    filler = _FILLER[number % 700 : number % 700 + length - _STAMP.size - 4]
    head = _STAMP.pack(_MAGIC, now_ns, number)
    return head + filler + hashlib.blake2s(head + filler, digest_size=4).digest()


class Publisher:
    """150 picture and 50 sound packets a second; `sound_rate` more for what a core can carry."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._chance = random.Random(1)
        self._video_sequence = self._audio_sequence = 100
        self._picture = 1
        self.sent = 0

    def frame(self, at: float) -> None:
        keyframe = self._picture == 1 or self._peer.keyframe_wanted
        self._peer.keyframe_wanted = False
        timestamp = int(at * 90000) & 0xFFFF_FFFF
        for index in range(PACKETS_PER_FRAME):
            self._video_sequence += 1
            marker = 0x80 if index == PACKETS_PER_FRAME - 1 else 0
            head = struct.pack("!BBHII", 0x80, VP8 | marker, self._video_sequence & 0xFFFF, timestamp, VIDEO_SSRC)
            first = 0x90 if index == 0 else 0x80
            descriptor = struct.pack("!BBH", first, 0x80, 0x8000 | (self._picture & 0x7FFF))
            inside = bytes([0 if keyframe else 1])
            self._peer.send_rtp(
                head + descriptor + inside + body(self._video_sequence, VIDEO_BODY_BYTES, time.monotonic_ns())
            )
            self.sent += 1
        self._picture += 1

    def sound(self, length: int = AUDIO_BODY_BYTES) -> None:
        self._audio_sequence += 1
        timestamp = (self._audio_sequence * 960) & 0xFFFF_FFFF
        head = struct.pack("!BBHII", 0x80, OPUS, self._audio_sequence & 0xFFFF, timestamp, AUDIO_SSRC)
        self._peer.send_rtp(head + body(self._audio_sequence, length, time.monotonic_ns()))
        self.sent += 1


class Verified:
    """Checks every octet behind the header (but the picture id, which a forwarder may rewrite), and the time."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.packets = self.wrong = 0

    def packet(self, view: memoryview, length: int) -> None:
        header = parse_header(view, length)
        start = header.payload_start
        if header.payload_type == VP8 and start < length:
            descriptor = parse_descriptor(view, start, length)
            start += 4 if descriptor.picture_id_bits == 15 else 3
            start += 1
        found = bytes(view[start:length])
        if len(found) < _STAMP.size + 4 or found[:8] != _MAGIC:
            self.wrong += 1
            return
        _magic, sent_ns, number = _STAMP.unpack_from(found)
        if found != body(number, len(found), sent_ns):
            self.wrong += 1
            return
        self.packets += 1
        self.latencies.append((time.monotonic_ns() - sent_ns) / 1e6)
