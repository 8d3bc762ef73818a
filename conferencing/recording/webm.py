"""One source's file: Matroska by FFmpeg's muxer, nothing decoded. Whole clusters are on disk at most 2 s later."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av

from conferencing.recording.frames import Frame, picture_size

CLUSTER_MILLISECONDS = 2000
CLUSTER_BYTES = 1 << 20
_OPUS_CLOCK_RATE, _VIDEO_CLOCK_RATE = 48000, 90000
_UNKNOWN_SIZE = (640, 360)


def suffix(codec: str) -> str:
    return "mkv" if codec.lower() == "h264" else "webm"


class SourceFile:
    """Begins with the first frame given, which for pictures must be a key frame."""

    def __init__(self, path: Path, codec: str, first: Frame) -> None:
        self.path = path
        self._rate = _OPUS_CLOCK_RATE if codec == "opus" else _VIDEO_CLOCK_RATE
        options = {"cluster_time_limit": str(CLUSTER_MILLISECONDS), "cluster_size_limit": str(CLUSTER_BYTES)}
        self._container = av.open(
            str(path), "w", format="webm" if suffix(codec) == "webm" else "matroska",
            options=options | {"flush_packets": "1"},
        )  # fmt: skip
        time_base = Fraction(1, self._rate)
        if codec == "opus":
            # The encoder is only asked for its header (RFC 7845); it never gets a frame.
            stream: Any = self._container.add_stream("libopus", rate=_OPUS_CLOCK_RATE, layout="stereo")
        elif codec == "h264":
            # Parameter sets in front (ISO 14496-15) are taken from the first key frame.
            with av.open(BytesIO(first.octets), format="h264") as described:
                stream = self._container.add_stream_from_template(described.streams.video[0])
        else:
            width, height = picture_size(codec, first.octets) or _UNKNOWN_SIZE
            stream = self._container.add_mux_stream(codec, width=width, height=height, time_base=time_base)
        self._stream = stream
        self._begin = first.timestamp
        self._last = -1
        self.octets = 0
        self.write(first)

    def write(self, frame: Frame) -> None:
        packet = av.Packet(frame.octets)
        packet.stream = self._stream
        packet.time_base = Fraction(1, self._rate)
        # Matroska wants times that do not fall; two frames of one instant are one tick apart.
        self._last = max(self._last + 1, frame.timestamp - self._begin)
        packet.pts = packet.dts = self._last
        packet.is_keyframe = frame.keyframe
        self._container.mux_one(packet)
        self.octets += len(frame.octets)

    def close(self) -> None:
        self._container.close()
