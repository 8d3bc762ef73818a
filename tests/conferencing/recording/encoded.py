"""Real coded media for tests: VP8 and Opus by PyAV, as RTP payloads."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 180, 30
PAYLOAD_BYTES = 600


def pictures(count: int, codec: str = "libvpx") -> Iterator[tuple[bytes, bool]]:
    """Coded frames and whether each is a key frame; the brightness changes from frame to frame."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"  # type: ignore[attr-defined]
    encoder.time_base = Fraction(1, FRAMES_PER_SECOND)
    encoder.bit_rate = 400_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx" else {"tune": "zerolatency"}
    for number in range(count):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            pattern = bytes((index * number) % 251 for index in range(256))
            plane.update((pattern * (plane.buffer_size // 256 + 1))[: plane.buffer_size])
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        for packet in encoder.encode(frame):  # type: ignore[attr-defined]
            yield bytes(packet), packet.is_keyframe


def vp8_payloads(frame: bytes, picture_id: int) -> list[bytes]:
    """RFC 7741: a descriptor with a 15-bit picture id before each piece."""
    pieces = [frame[start : start + PAYLOAD_BYTES] for start in range(0, len(frame), PAYLOAD_BYTES)]
    identity = (0x8000 | (picture_id & 0x7FFF)).to_bytes(2, "big")
    return [bytes([0x90 if index == 0 else 0x80, 0x80]) + identity + piece for index, piece in enumerate(pieces)]


def sounds(count: int) -> Iterator[bytes]:
    """Packets of 20 ms, 48 kHz."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "stereo", "s16"
    for number in range(count):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        frame.pts, frame.sample_rate = 960 * number, 48000
        wave = bytes(((number + index) * 37) % 200 for index in range(frame.planes[0].buffer_size))
        frame.planes[0].update(wave)
        for packet in encoder.encode(frame):
            yield bytes(packet)
