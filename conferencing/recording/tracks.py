"""One source of a recording: packets of its layers in, one file out. Which layer is written is decided here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from conferencing.recording.frames import Frame, Frames, Reorder
from conferencing.recording.webm import SourceFile, suffix
from conferencing.recording.wire import MediaPacket, SourceAdded
from conferencing.rtp.header import RtpError

STALE_SECONDS = 1.0
"""A layer that says nothing for so long was paused: a smaller one takes its place."""
KEYFRAME_INTERVAL_SECONDS = 2.0


class LayerTrack:
    """One incoming layer, put in order."""

    def __init__(self, added: SourceAdded) -> None:
        self.added = added
        self.reorder = Reorder()
        self.frames = Frames(added.codec)
        self.last_frame = float("-inf")
        self.asked = float("-inf")
        self.malformed = 0

    def take(self, packet: MediaPacket | None, now: float) -> list[Frame]:
        """Frames that are whole now; `packet` None: only time has passed."""
        due = self.reorder.put(packet, now) if packet is not None else self.reorder.due(now)
        found = []
        for one, missing in due:
            try:
                frame = self.frames.put(one, missing)
            except (RtpError, IndexError):
                self.malformed += 1
                continue
            if frame is not None:
                found.append(frame)
        return found


@dataclass(frozen=True, slots=True)
class FileOpened:
    """`at`: Unix seconds of the file's first frame."""

    file: str
    seat: str
    role: str
    codec: str
    at: float


class SourceTrack:
    """A seat's source in one codec. `opened` is told when its file begins."""

    def __init__(self, path: Path, added: SourceAdded, opened: Callable[[FileOpened], None]) -> None:
        self._path = path.with_suffix(f".{suffix(added.codec)}")
        self._added = added
        self._opened = opened
        self._file: SourceFile | None = None
        self._current: LayerTrack | None = None
        self._rate = 48000 if added.codec == "opus" else 90000
        self._offset = 0
        self._last_written = 0
        self._last_arrived = 0.0
        self.frames_written = 0

    @property
    def octets(self) -> int:
        return self._file.octets if self._file is not None else 0

    def frame(self, layer: LayerTrack, frame: Frame) -> None:
        before = layer.last_frame
        layer.last_frame = frame.arrived
        if layer is not self._current:
            if not frame.keyframe or not self._better(layer, frame.arrived):
                return
            self._begin(layer, frame)
        elif frame.arrived - before > STALE_SECONDS and self._rate == 90000 and not frame.keyframe:
            # It was paused; what it goes on with needs what was not sent.
            layer.frames.broken = True
            return
        written = replace(frame, timestamp=frame.timestamp + self._offset)
        if self._file is None:
            self._file = SourceFile(self._path, self._added.codec, written)
            self._opened(
                FileOpened(self._path.name, self._added.seat, self._added.role, self._added.codec, frame.arrived)
            )
        else:
            self._file.write(written)
        self._last_written, self._last_arrived = written.timestamp, frame.arrived
        self.frames_written += 1

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _better(self, layer: LayerTrack, now: float) -> bool:
        current = self._current
        return current is None or layer.added.layer >= current.added.layer or now - current.last_frame > STALE_SECONDS

    def _begin(self, layer: LayerTrack, frame: Frame) -> None:
        """Layers count from different beginnings: the time between two of them is that of arrival."""
        if self._current is not None:
            passed = max(1, round((frame.arrived - self._last_arrived) * self._rate))
            self._offset = self._last_written + passed - frame.timestamp
        self._current = layer
