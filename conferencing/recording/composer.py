"""One MP4 out of a recording: who held the stage, or the screen shown, 720p, with all sound mixed. Decodes."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable
from fractions import Fraction
from operator import add
from pathlib import Path
from typing import Any

import av

from conferencing.recording.folder import LOG, RESULT
from conferencing.recording.timeline import RecordedFile, Timeline, read

logger = logging.getLogger(__name__)

WIDTH, HEIGHT, FRAMES_PER_SECOND = 1280, 720, 25
SOUND_RATE = 48000
WINDOW_SECONDS = 2
PICTURE_SECONDS = 3.0
"""A picture that has not changed for so long is taken for gone: the camera was turned off."""
SCREEN_SECONDS = 12.0
"""A shared screen may stand still for longer."""
_FULL_SCALE = 32767
_DARK = (24, 128, 128)


class ComposeError(Exception):
    """The recording cannot be composed; the text says why."""


def compose(folder: Path, report: Callable[[float], None]) -> Path:
    """Writes RESULT; `report` hears of progress, 0–1, and may raise to stop. Raises ComposeError, OSError."""
    timeline = read(folder, LOG)
    files = [one for one in timeline.files if _plays(one)]
    timeline = Timeline(tuple(files), timeline.stages)
    if not files:
        raise ComposeError("the recording holds no file that plays")
    end = max(one.at + _duration(one) for one in files)
    temporary = folder / f"{RESULT}.part"
    try:
        with av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            _write(out, timeline, end, report)
    except av.error.FFmpegError as error:
        raise ComposeError(f"FFmpeg: {error}") from error
    temporary.replace(folder / RESULT)
    return folder / RESULT


def _write(out: Any, timeline: Timeline, end: float, report: Callable[[float], None]) -> None:
    video = out.add_stream("libx264", rate=FRAMES_PER_SECOND, options={"preset": "veryfast", "crf": "27"})
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    audio = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
    audio.bit_rate = 96_000
    stage, mixer = _Stage(timeline), _Mixer(timeline.sounds())
    try:
        windows = int(end / WINDOW_SECONDS) + 1
        for window in range(windows):
            begin = window * WINDOW_SECONDS
            for number in range(begin * FRAMES_PER_SECOND, (begin + WINDOW_SECONDS) * FRAMES_PER_SECOND):
                frame = stage.at(number / FRAMES_PER_SECOND)
                frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
                out.mux(video.encode(frame))
            out.mux(audio.encode(mixer.window(begin * SOUND_RATE, WINDOW_SECONDS * SOUND_RATE)))
            report((window + 1) / windows)
        out.mux(video.encode(None))
        out.mux(audio.encode(None))
    finally:
        stage.close()
        mixer.close()


class _Pictures:
    """One file, read forward: the picture that was to be seen at an instant."""

    def __init__(self, file: RecordedFile) -> None:
        self.file = file
        self._container: Any = av.open(str(file.path))
        self._frames: Any = None
        self._shown: Any = None
        self._next: Any = None
        self._at = 0.0

    def at(self, at: float, patience: float) -> Any:
        wanted = at - self.file.at
        if wanted < 0:
            return None
        if self._frames is None or wanted - self._at > 10:
            # Decoding from the key frame before is shorter than all that nobody saw.
            self._container.seek(int(wanted * av.time_base), backward=True)
            self._frames, self._shown, self._next = self._decoded(), None, None
        self._at = wanted
        while True:
            self._next = self._next or next(self._frames, None)
            if self._next is None or self._next.time > wanted:
                break
            self._shown, self._next = self._next, None
        if self._shown is None or wanted - self._shown.time > patience:
            return None
        return self._shown

    def close(self) -> None:
        self._container.close()

    def _decoded(self) -> Any:
        for packet in self._container.demux(video=0):
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                # A recording that was cut ends in the middle of something.
                continue


class _Stage:
    """What is to be seen: a shared screen, else the camera of who held the stage, else nothing."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._open: dict[Path, _Pictures] = {}
        self._dark = _canvas()
        self._last: tuple[Any, Any] = (None, None)

    def at(self, at: float) -> Any:
        found = self._find(self._timeline.pictures("screen"), at, SCREEN_SECONDS)
        seat = self._timeline.stage_at(at)
        if found is None and seat is not None:
            found = self._find(self._timeline.pictures("camera", seat), at, PICTURE_SECONDS)
        if found is None:
            return self._dark
        if self._last[0] is not found:
            self._last = (found, _fitted(found))
        return self._last[1]

    def close(self) -> None:
        for one in self._open.values():
            one.close()

    def _find(self, files: list[RecordedFile], at: float, patience: float) -> Any:
        for file in reversed(files):
            if file.at <= at:
                if file.path not in self._open:
                    self._open[file.path] = _Pictures(file)
                if (shown := self._open[file.path].at(at, patience)) is not None:
                    return shown
        return None


class _Mixer:
    """All sounds, added up window by window."""

    def __init__(self, files: list[RecordedFile]) -> None:
        self._sounds = [_Sound(file) for file in files]

    def window(self, begin: int, length: int) -> Any:
        """A frame of `length` samples from sample `begin` on."""
        mixed = array("i", bytes(4 * length))
        for sound in self._sounds:
            for start, samples in sound.between(begin, begin + length):
                at = start - begin
                mixed[at : at + len(samples)] = array("i", map(add, mixed[at : at + len(samples)], samples))
        clipped = array("h", (min(_FULL_SCALE, max(-_FULL_SCALE, value)) for value in mixed))
        frame = av.AudioFrame(format="s16", layout="mono", samples=length)
        octets = clipped.tobytes()
        plane = frame.planes[0]
        plane.update(octets + bytes(plane.buffer_size - len(octets)))
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, begin, Fraction(1, SOUND_RATE)
        return frame

    def close(self) -> None:
        for sound in self._sounds:
            sound.close()


class _Sound:
    """One file, read forward; opened when its time comes and closed at its end."""

    def __init__(self, file: RecordedFile) -> None:
        self._first = round(file.at * SOUND_RATE)
        self._path = file.path
        self._container: Any = None
        self._pieces: Any = None
        self._held: tuple[int, array[int]] | None = None
        self._ended = False

    def between(self, begin: int, end: int) -> Any:
        """(first sample, samples) that lie within, cut at both ends."""
        if self._ended or self._first >= end:
            return
        if self._container is None:
            self._container = av.open(str(self._path))
            self._pieces = self._decoded()
        while True:
            self._held = self._held or next(self._pieces, None)
            if self._held is None:
                self.close()
                return
            start, samples = self._held
            if start >= end:
                return
            low, high = max(begin, start), min(end, start + len(samples))
            if low < high:
                yield low, samples[low - start : high - start]
            if start + len(samples) > end:
                return
            self._held = None

    def close(self) -> None:
        self._ended = True
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decoded(self) -> Any:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
        for packet in self._container.demux(audio=0):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in frames:
                at = self._first + round((frame.time or 0.0) * SOUND_RATE)
                for part in resampler.resample(frame):
                    samples = array("h")
                    samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
                    yield at, samples
                    at += part.samples


def _plays(file: RecordedFile) -> bool:
    try:
        with av.open(str(file.path)) as container:
            return len(container.streams) == 1
    except (OSError, av.error.FFmpegError):
        # Killed before its first cluster was whole.
        logger.warning("x %s does not play and is left out", file.path.name)
        return False


def _duration(file: RecordedFile) -> float:
    """By its packets: a file that was cut does not say it."""
    with av.open(str(file.path)) as container:
        if container.duration is not None:
            return float(container.duration / av.time_base)
        last = 0.0
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                last = float(packet.pts * packet.time_base)
        return last


def _canvas() -> Any:
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, value in zip(frame.planes, _DARK, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def _fitted(frame: Any) -> Any:
    """Scaled to 720p, with dark bars where the shape is another."""
    scale = min(WIDTH / frame.width, HEIGHT / frame.height)
    width, height = int(frame.width * scale) // 2 * 2, int(frame.height * scale) // 2 * 2
    scaled = frame.reformat(width=width, height=height, format="yuv420p")
    if (width, height) == (WIDTH, HEIGHT):
        return scaled
    canvas = _canvas()
    left, top = (WIDTH - width) // 4 * 2, (HEIGHT - height) // 4 * 2
    for index, (source, target) in enumerate(zip(scaled.planes, canvas.planes, strict=True)):
        half = 1 if index else 0
        octets, pasted = bytes(source), bytearray(bytes(target))
        columns = width >> half
        for row in range(height >> half):
            at = ((top >> half) + row) * target.line_size + (left >> half)
            pasted[at : at + columns] = octets[row * source.line_size : row * source.line_size + columns]
        target.update(bytes(pasted))
    return canvas
