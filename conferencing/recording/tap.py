"""The worker's end: copies of packets on their way, never waited for. What the recorder is too slow for is dropped.

Its cost when nobody records is one comparison per packet received.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path

from conferencing.media.counters import Counters
from conferencing.media.streams import Layer
from conferencing.recording import wire
from conferencing.rtp.header import RtpHeader

logger = logging.getLogger(__name__)

UNSENT_LIMIT = 4096
"""Packets; about 4 MB, or half a second of a full meeting."""
SEND_BUFFER_BYTES = 1 << 20
RETRY_SECONDS = 1.0
LAYERS_LIMIT = 2000


class Tap:
    """One room's. `keyframe_wanted` is called with the layer that the recorder cannot go on with."""

    def __init__(
        self, path: Path, recording: str, counters: Counters, keyframe_wanted: Callable[[Layer], None]
    ) -> None:
        self.recording = recording
        self.path = path
        self._counters = counters
        self._keyframe_wanted = keyframe_wanted
        self._socket: socket.socket | None = None
        self._unsent: deque[bytes] = deque()
        self._numbers: dict[tuple[Layer, str], int] = {}
        self._layers: list[Layer] = []
        self._stage: tuple[str | None, float] | None = None
        self._next_try = 0.0

    def packet(
        self, layer: Layer, codec: str, header: RtpHeader, sequence: int, payload: memoryview, now: float,
        *, keyframe: bool,
    ) -> None:  # fmt: skip
        """One packet that is forwarded; `sequence` as the source numbered it."""
        if self._socket is None:
            return
        number = self._numbers.get((layer, codec))
        if number is None:
            if len(self._layers) >= LAYERS_LIMIT:
                self._counters.drop("recording_layers")
                return
            number = self._numbers[(layer, codec)] = len(self._layers)
            self._layers.append(layer)
            source = layer.source
            added = wire.SourceAdded(number, source.seat, source.role.value, layer.index, codec.lower(), now)
            self._send(wire.encode_told(added))
            if source.video:
                self._keyframe_wanted(layer)
        self._send(
            wire.encode_packet(
                number, now, sequence & 0xFFFF, header.timestamp, payload, marker=header.marker, keyframe=keyframe
            )
        )

    def stage(self, seat: str | None, now: float) -> None:
        self._stage = (seat, now)
        if self._socket is not None:
            self._send(wire.encode_told(wire.StageChanged(seat, now)))

    def tick(self, now: float) -> None:
        """Connects, and connects again when the recorder was away."""
        if self._socket is None and now >= self._next_try:
            self._next_try = now + RETRY_SECONDS
            self._connect(now)

    def close(self, now: float) -> None:
        if self._socket is not None:
            self._send(wire.encode_told(wire.End(now)))
            self._lose()

    def _connect(self, now: float) -> None:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        try:
            opened.connect(str(self.path))
        except OSError as error:
            opened.close()
            self._counters.drop("recorder_away")
            logger.warning("x recorder at %s: %s", self.path, error.strerror)
            return
        self._socket = opened
        self._numbers.clear()
        self._layers.clear()
        asyncio.get_running_loop().add_reader(opened.fileno(), self._readable)
        self._send(wire.encode_told(wire.Begin(self.recording, now)))
        if self._stage is not None:
            self._send(wire.encode_told(wire.StageChanged(self._stage[0], now)))

    def _send(self, datagram: bytes) -> None:
        if self._unsent or not self._try(datagram):
            if len(self._unsent) >= UNSENT_LIMIT:
                self._counters.drop("recording_queue_full")
                return
            if not self._unsent and self._socket is not None:
                asyncio.get_running_loop().add_writer(self._socket.fileno(), self._writable)
            if self._socket is not None:
                self._unsent.append(datagram)

    def _try(self, datagram: bytes) -> bool:
        """False when the socket is full; a recorder that is gone takes what was for it along."""
        if self._socket is None:
            return True
        try:
            self._socket.send(datagram)
        except BlockingIOError:
            return False
        except OSError:
            self._counters.drop("recorder_gone")
            self._lose()
        return True

    def _writable(self) -> None:
        while self._unsent and self._try(self._unsent[0]):
            if self._unsent:
                self._unsent.popleft()
        if not self._unsent and self._socket is not None:
            asyncio.get_running_loop().remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        if self._socket is None:
            return
        try:
            datagram = self._socket.recv(64)
        except BlockingIOError:
            return
        except OSError:
            datagram = b""
        if not datagram:
            self._lose()
            return
        number = wire.decode_keyframe_wanted(datagram)
        if number is not None and number < len(self._layers):
            self._keyframe_wanted(self._layers[number])

    def _lose(self) -> None:
        opened, self._socket = self._socket, None
        self._unsent.clear()
        if opened is not None:
            loop = asyncio.get_running_loop()
            with contextlib.suppress(ValueError):
                loop.remove_reader(opened.fileno())
                loop.remove_writer(opened.fileno())
            opened.close()
