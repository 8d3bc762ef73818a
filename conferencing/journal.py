"""Writes events to the log behind the meeting's back: signaling never waits for the disk."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from conferencing.store import LoggedEvent, MeetingStore

logger = logging.getLogger(__name__)

UNWRITTEN_LIMIT = 10_000
"""When the database fails for so long, what comes then is lost, and counted."""
BATCH = 500
RETRY_SECONDS = 1.0


class Journal:
    """Keeps the order of events; tries again when the database fails."""

    def __init__(self, store: MeetingStore) -> None:
        self._store = store
        self._unwritten: deque[LoggedEvent] = deque()
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self.lost = 0

    def append(self, events: Sequence[LoggedEvent]) -> None:
        for event in events:
            if len(self._unwritten) < UNWRITTEN_LIMIT:
                self._unwritten.append(event)
            else:
                self.lost += 1
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self.flush():
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()

    async def flush(self) -> bool:
        """Writes what there is; False when the database failed and it was kept."""
        async with self._writing:
            while self._unwritten:
                batch = [self._unwritten[index] for index in range(min(BATCH, len(self._unwritten)))]
                try:
                    await asyncio.to_thread(self._store.append, batch)
                except SQLAlchemyError as error:
                    logger.error("the log of meetings cannot be written, %d wait: %s", len(self._unwritten), error)
                    return False
                for _ in batch:
                    self._unwritten.popleft()
        return True
