"""Ingest's way into the outbound queue: concurrent writes share one commit."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from collector.sink import SinkFullError
from exporters.remote_write.queue import OutboundQueue

logger = logging.getLogger(__name__)

MAX_WAITING_WRITES = 1024
MAX_WRITES_PER_COMMIT = 256


class QueueSink:
    """`collector.sink.Sink` over an OutboundQueue; `run()` must be running for `write()` to return.

    `executor` has one thread, the same that the Forwarder uses: the queue has one owner.
    """

    def __init__(self, queue: OutboundQueue, executor: Executor, *, clock: Callable[[], float] = time.time) -> None:
        self._queue = queue
        self._executor = executor
        self._clock = clock
        self._waiting: deque[tuple[bytes, int, bool, asyncio.Future[None]]] = deque()
        self._wake = asyncio.Event()
        self._subscribers: list[asyncio.Event] = []

    def subscribe(self) -> asyncio.Event:
        """An event of the caller's own, set after each commit; the caller clears it."""
        event = asyncio.Event()
        self._subscribers.append(event)
        return event

    async def write(self, payload: bytes, samples: int) -> None:
        """Returns once `payload` is on disk. Raises SinkFullError when it cannot be put there."""
        await self._write(payload, samples, own=False)

    async def write_own(self, payload: bytes, samples: int) -> None:
        """The same for what the hub says itself: it goes to the receivers that do not scrape the hub."""
        await self._write(payload, samples, own=True)

    async def _write(self, payload: bytes, samples: int, *, own: bool) -> None:
        if len(self._waiting) >= MAX_WAITING_WRITES:
            raise SinkFullError(f"{MAX_WAITING_WRITES} writes are waiting for the disk")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((payload, samples, own, done))
        self._wake.set()
        await done

    async def run(self) -> None:
        """Commit what waits, for ever; whatever arrives during one commit shares the next."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_WRITES_PER_COMMIT))]
                rows = [(payload, samples, own) for payload, samples, own, _ in batch]
                try:
                    await loop.run_in_executor(self._executor, self._queue.append, rows, self._clock())
                except sqlite3.Error as error:
                    logger.error("outbound queue refused %d writes: %s", len(batch), error)
                    for *_, done in batch:
                        if not done.done():
                            done.set_exception(SinkFullError(str(error)))
                    continue
                for *_, done in batch:
                    if not done.done():
                        done.set_result(None)
                for event in self._subscribers:
                    event.set()
