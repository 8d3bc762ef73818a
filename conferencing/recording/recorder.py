"""The recorder: writes what taps of workers send, each recording in a folder of its own. Bounded by disk and days.

What happened is in `log.jsonl` of the folder, one JSON object a line, flushed as it happens.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import socket
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av

from conferencing.messages import MessageError
from conferencing.recording import wire
from conferencing.recording.folder import LOG, STATUS
from conferencing.recording.tracks import KEYFRAME_INTERVAL_SECONDS, FileOpened, LayerTrack, SourceTrack

logger = logging.getLogger(__name__)

DATAGRAMS_PER_WAKE = 512
FILES_LIMIT = 1000
LAYERS_LIMIT = 4000
CONNECTIONS_LIMIT = 64
TICK_SECONDS = 0.25
DISK_SECONDS = 5.0
PURGE_SECONDS = 3600.0
FREE_BYTES_LEAST = 1 << 30
"""The hub's database is on the same disk: recording stops before that is full."""
RECORDING_NAME = re.compile(r"[0-9a-f]{8,32}")


class Recording:
    """What one connection of a tap writes."""

    def __init__(self, root: Path, begin: wire.Begin) -> None:
        self.name = begin.recording
        self.folder = root / begin.recording
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._log = (self.folder / LOG).open("a", encoding="utf-8")
        self.part = sum(1 for line in (self.folder / LOG).read_text("utf-8").splitlines() if '"begin"' in line) + 1
        self._layers: dict[int, LayerTrack] = {}
        self._tracks: dict[tuple[str, str, str], SourceTrack] = {}
        self.refused = 0
        self.ended = False
        self.note("begin", part=self.part, at=begin.at)

    @property
    def octets(self) -> int:
        return sum(track.octets for track in self._tracks.values())

    def take(self, message: wire.Told | wire.MediaPacket, now: float) -> int | None:
        """The number of a layer that a key frame is wanted of, or None."""
        match message:
            case wire.MediaPacket(number=number):
                layer = self._layers.get(number)
                if layer is not None:
                    return self._write(layer, message, now)
                self.refused += 1
            case wire.SourceAdded():
                self._add(message)
            case wire.StageChanged(seat=seat, at=at):
                self.note("stage", seat=seat, at=at)
            case wire.End(at=at):
                self.ended = True
                self.note("end", at=at)
            case wire.Begin():
                self.refused += 1
        return None

    def tick(self, now: float) -> None:
        for layer in self._layers.values():
            self._write(layer, None, now)

    def note(self, kind: str, **fields: Any) -> None:
        self._log.write(json.dumps({"type": kind, **fields}, ensure_ascii=False) + "\n")
        self._log.flush()

    def close(self, reason: str) -> None:
        self.tick(float("inf"))
        for track in self._tracks.values():
            track.close()
        lost = sum(layer.reorder.lost for layer in self._layers.values())
        left_out = sum(layer.frames.left_out + layer.malformed for layer in self._layers.values())
        self.note("closed", reason=reason, packets_lost=lost, frames_left_out=left_out, refused=self.refused)
        self._log.close()

    def _add(self, added: wire.SourceAdded) -> None:
        key = (added.seat, added.role, added.codec)
        if len(self._layers) >= LAYERS_LIMIT or (key not in self._tracks and len(self._tracks) >= FILES_LIMIT):
            self.refused += 1
            return
        self._layers[added.number] = LayerTrack(added)
        if key not in self._tracks:
            seat = re.sub(r"[^0-9A-Za-z-]", "_", added.seat)[:40]
            role = re.sub(r"[^a-z_]", "_", added.role)[:20]
            path = self.folder / f"{self.part:02}-{len(self._tracks):03}-{seat}-{role}"
            self._tracks[key] = SourceTrack(path, added, self._opened)

    def _write(self, layer: LayerTrack, packet: wire.MediaPacket | None, now: float) -> int | None:
        track = self._tracks[layer.added.seat, layer.added.role, layer.added.codec]
        for frame in layer.take(packet, now):
            track.frame(layer, frame)
        if packet is not None and layer.frames.broken and now - layer.asked > KEYFRAME_INTERVAL_SECONDS:
            layer.asked = now
            return layer.added.number
        return None

    def _opened(self, opened: FileOpened) -> None:
        self.note("file", part=self.part, **asdict(opened))


class Recorder:
    """`limit_bytes`: of all recordings together."""

    def __init__(self, root: Path, limit_bytes: int, keep_seconds: float, least_free: int = FREE_BYTES_LEAST) -> None:
        self._root = root
        self._limit = limit_bytes
        self._keep = keep_seconds
        self._least_free = least_free
        self._connections: dict[socket.socket, Recording | None] = {}
        self.full = False
        self.purged = 0
        self.faults = 0
        self._used = 0

    def connected(self, opened: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        if self.full or len(self._connections) >= CONNECTIONS_LIMIT:
            opened.close()
            return
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._connections[opened] = None
        loop.add_reader(opened.fileno(), self._readable, opened)

    def tick(self) -> None:
        now = time.time()
        for opened, recording in list(self._connections.items()):
            if recording is not None:
                try:
                    recording.tick(now)
                except (OSError, av.error.FFmpegError) as error:
                    self._fault(opened, error)

    def look_at_disk(self) -> None:
        """Stops all recordings when there is no room, and says how things are."""
        self._used = sum(file.stat().st_size for file in self._root.rglob("*") if file.is_file())
        free = shutil.disk_usage(self._root).free
        full = self._used >= self._limit or free < self._least_free
        if full and not self.full:
            logger.error("recording stops: %d bytes are recorded, %d are free", self._used, free)
            for opened in list(self._connections):
                self._lose(opened, "disk")
        self.full = full
        status = {
            "at": time.time(),
            "used_bytes": self._used,
            "limit_bytes": self._limit,
            "full": full,
            "purged": self.purged,
            "faults": self.faults,
            "active": sorted(one.name for one in self._connections.values() if one is not None),
        }
        temporary = self._root / f"{STATUS}.new"
        temporary.write_text(json.dumps(status))
        temporary.replace(self._root / STATUS)

    def purge(self) -> None:
        """Recordings that nobody has written to for the days that they are kept."""
        active = {one.name for one in self._connections.values() if one is not None}
        for folder in self._root.iterdir():
            if not RECORDING_NAME.fullmatch(folder.name) or folder.name in active:
                continue
            newest = max((file.stat().st_mtime for file in folder.iterdir()), default=folder.stat().st_mtime)
            if time.time() - newest > self._keep:
                shutil.rmtree(folder)
                self.purged += 1
                logger.info("- recording %s is purged", folder.name)

    def close(self) -> None:
        for opened in list(self._connections):
            self._lose(opened, "recorder stopped")

    def _readable(self, opened: socket.socket) -> None:
        now = time.time()
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                datagram = opened.recv(wire.LONGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                datagram = b""
            if not datagram:
                self._lose(opened, "cut")
                return
            try:
                self._datagram(opened, datagram, now)
            except MessageError as error:
                self.faults += 1
                logger.warning("x message of a tap: %s", error)
            except (OSError, av.error.FFmpegError) as error:
                self._fault(opened, error)
                return

    def _datagram(self, opened: socket.socket, datagram: bytes, now: float) -> None:
        message = wire.decode(datagram)
        recording = self._connections[opened]
        if recording is None:
            if not isinstance(message, wire.Begin) or not RECORDING_NAME.fullmatch(message.recording):
                raise MessageError("a tap must begin")
            self._connections[opened] = Recording(self._root, message)
            logger.info("- recording %s", message.recording)
            return
        wanted = recording.take(message, now)
        if wanted is not None:
            try:
                opened.send(wire.encode_keyframe_wanted(wanted))
            except BlockingIOError:
                self.faults += 1

    def _fault(self, opened: socket.socket, error: Exception) -> None:
        self.faults += 1
        logger.error("x a recording cannot be written, it begins anew: %s", error)
        self._lose(opened, f"error: {error}")

    def _lose(self, opened: socket.socket, reason: str) -> None:
        recording = self._connections.pop(opened, None)
        asyncio.get_running_loop().remove_reader(opened.fileno())
        opened.close()
        if recording is None:
            return
        try:
            recording.close("ended" if recording.ended else reason)
        except (OSError, av.error.FFmpegError) as error:
            self.faults += 1
            logger.error("x closing recording %s: %s", recording.name, error)


async def serve(path: Path, recorder: Recorder, stop: asyncio.Event) -> None:
    """Listens at `path`, for its owner alone, until `stop`. Raises OSError."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    previous = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(previous)
    listening.listen(CONNECTIONS_LIMIT)
    listening.setblocking(False)
    loop = asyncio.get_running_loop()
    recorder.purge()
    recorder.look_at_disk()
    loop.add_reader(listening.fileno(), lambda: recorder.connected(listening.accept()[0]))
    disk = purge = loop.time()
    try:
        while not stop.is_set():
            await asyncio.sleep(TICK_SECONDS)
            recorder.tick()
            if loop.time() - disk > DISK_SECONDS:
                disk = loop.time()
                recorder.look_at_disk()
            if loop.time() - purge > PURGE_SECONDS:
                purge = loop.time()
                recorder.purge()
    finally:
        loop.remove_reader(listening.fileno())
        listening.close()
        recorder.close()
        path.unlink(missing_ok=True)
