"""The hub's connection to one media worker: kept up, and what comes handed on. Knows no meetings."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from conferencing import control
from conferencing.messages import MessageError
from conferencing.workers.load import Load

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECONDS = 2.0
RETRY_SECONDS = 0.1
DEAD_AFTER_SECONDS = 1.0
"""A connection lost for so long means a dead worker: its rooms move, for media is to be back within 3 s."""
HEARTBEAT_TIMEOUT_SECONDS = 12.0
"""Statistics come every 5 s; a worker that says nothing hangs."""
ANSWER_TIMEOUT_SECONDS = 5.0
UNSENT_BYTES_LIMIT = 8 * 1024 * 1024


class WorkerUnavailable(ConnectionError):  # noqa: N818 - a state, named as the caller sees it
    """The worker is not connected or does not answer: ours, not the page's fault."""


class WorkersOverloaded(WorkerUnavailable):
    """All workers that could take a new room have as much to do as they can bear."""


@dataclass(frozen=True, slots=True)
class LinkEvents:
    """`adopt` is awaited before what comes after the state is handed on."""

    adopt: Callable[[WorkerLink, control.WorkerState], Awaitable[None]]
    message: Callable[[WorkerLink, control.FromWorker], None]
    dead: Callable[[WorkerLink], None]
    draining: Callable[[WorkerLink], None]


class WorkerLink:
    """`name` is the worker's own once it has said it."""

    def __init__(self, path: Path, events: LinkEvents) -> None:
        self.path = path
        self.name = path.stem
        self.instance: str | None = None
        self.statistics: control.WorkerStatistics | None = None
        self.draining = False
        self.load = Load()
        self.settled = asyncio.Event()
        self._events = events
        self._writer: asyncio.StreamWriter | None = None
        self._answers: dict[str, asyncio.Future[control.PeerAnswer | control.PeerRefused]] = {}

    @property
    def connected(self) -> bool:
        return self._writer is not None and not self._writer.is_closing()

    def send(self, message: control.FromHub) -> None:
        """Raises WorkerUnavailable."""
        if self._writer is None or self._writer.is_closing():
            raise WorkerUnavailable(self.name)
        if self._writer.transport.get_write_buffer_size() > UNSENT_BYTES_LIMIT:
            self._writer.transport.abort()
            raise WorkerUnavailable(self.name)
        self._writer.write(control.encode_from_hub(message))

    async def add_peer(self, message: control.AddPeer) -> control.PeerAnswer | control.PeerRefused:
        """Raises WorkerUnavailable."""
        self.send(control.OpenRoom(message.room))
        return await self._answered(message)

    async def restart_ice(self, message: control.RestartIce) -> control.PeerAnswer | control.PeerRefused:
        """Raises WorkerUnavailable, also while an answer to the same peer is awaited."""
        if message.peer in self._answers:
            raise WorkerUnavailable(self.name)
        return await self._answered(message)

    async def _answered(
        self, message: control.AddPeer | control.RestartIce
    ) -> control.PeerAnswer | control.PeerRefused:
        answer: asyncio.Future[control.PeerAnswer | control.PeerRefused]
        answer = asyncio.get_running_loop().create_future()
        self._answers[message.peer] = answer
        try:
            self.send(message)
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                return await answer
        except TimeoutError:
            raise WorkerUnavailable(self.name) from None
        finally:
            del self._answers[message.peer]

    async def run(self) -> None:
        """Connects, listens, and connects again, for ever."""
        lost_at = time.monotonic()
        while True:
            if await self._connection():
                lost_at = time.monotonic()
            if time.monotonic() - lost_at > DEAD_AFTER_SECONDS:
                self._declare_dead()
            await asyncio.sleep(RETRY_SECONDS)

    async def _connection(self) -> bool:
        """One connection to its end; False when there was none."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self.path, limit=control.LONGEST_LINE)
        except (ConnectionRefusedError, FileNotFoundError):
            # Nobody listens: its process has ended, and there is nothing to wait for.
            self._declare_dead()
            return False
        except (OSError, TimeoutError):
            return False
        self._writer = writer
        try:
            await self._listen(reader)
        except TimeoutError:
            logger.warning("x worker %s says nothing", self.name)
            self._declare_dead()
        except (OSError, ValueError) as error:
            logger.warning("x worker %s: %s", self.name, error)
        finally:
            self._writer = None
            writer.close()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(WorkerUnavailable(self.name))
        return True

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            async with asyncio.timeout(HEARTBEAT_TIMEOUT_SECONDS):
                line = await reader.readline()
            if not line:
                return
            try:
                message = control.decode_from_worker(line)
            except MessageError as error:
                logger.warning("x message of worker %s: %s", self.name, error)
                continue
            try:
                await self._take(message)
            except WorkerUnavailable:
                raise
            except Exception:
                logger.exception("x %s of worker %s", type(message).__name__, self.name)
                return

    async def _take(self, message: control.FromWorker) -> None:
        match message:
            case control.WorkerState():
                if self.instance is not None and self.instance != message.instance:
                    self._declare_dead()
                self.name, self.instance = message.name, message.instance
                self.draining = message.draining
                await self._events.adopt(self, message)
                self.settled.set()
                if self.draining:
                    self._events.draining(self)
                logger.info("- worker %s is connected, with %d rooms", self.name, len(message.rooms))
            case control.PeerAnswer(peer=peer) | control.PeerRefused(peer=peer):
                answer = self._answers.get(peer)
                if answer is not None and not answer.done():
                    answer.set_result(message)
            case control.Draining():
                self.draining = True
                logger.info("- worker %s is to be drained", self.name)
                self._events.draining(self)
            case control.WorkerStatistics():
                self.statistics = message
                self.load.measured(message.cpu_seconds, time.monotonic())
                self._events.message(self, message)
            case _:
                self._events.message(self, message)

    def _declare_dead(self) -> None:
        self.settled.set()
        if self.instance is None:
            return
        logger.error("worker %s is dead: its rooms move to another", self.name)
        self.instance = self.statistics = None
        self.draining = False
        self.load = Load()
        self._events.dead(self)
