"""The one thread that writes the collector's tables; what waits shares one commit."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from collector.node_minutes import GroupReading, write_readings
from collector.quality.minutes import write_windows
from collector.quality.windows import WindowFigures

logger = logging.getLogger(__name__)

MAX_RECORDS_PER_COMMIT = 64

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Record:
    """What one request adds to the minutes."""

    windows: Sequence[WindowFigures]
    readings: Sequence[GroupReading]
    line_ids: Mapping[str, int]
    now: float


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: Record
    done: Future[None] = field(default_factory=Future)


class DatabaseWriter:
    """Rows of minutes are read, merged and written back: that is safe because nobody else writes them."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._thread = ThreadPoolExecutor(1, "collector-writer")
        self._waiting: deque[_Waiting] = deque()

    async def record(self, record: Record) -> None:
        """Returns once committed. Raises SQLAlchemyError."""
        waiting = _Waiting(record)
        self._waiting.append(waiting)
        self._thread.submit(self._commit_waiting)
        await asyncio.wrap_future(waiting.done)

    async def call(self, work: Callable[[Session], Result]) -> Result:
        """`work` in a transaction of its own. Raises what it raises."""
        return await asyncio.wrap_future(self._thread.submit(self._in_transaction, work))

    def close(self) -> None:
        """Finishes what was asked for."""
        self._thread.shutdown()

    def _in_transaction(self, work: Callable[[Session], Result]) -> Result:
        with self._sessions.begin() as session:
            return work(session)

    def _commit_waiting(self) -> None:
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < MAX_RECORDS_PER_COMMIT:
            one = self._waiting.popleft()
            if one.done.set_running_or_notify_cancel():
                batch.append(one)
        if not batch:
            return
        try:
            self._commit(batch)
        except SQLAlchemyError as error:
            if len(batch) == 1:
                logger.error("minutes were not written: %s", error)
                batch[0].done.set_exception(error)
            else:
                self._commit_one_by_one(batch)
        except BaseException as error:  # noqa: BLE001 (handed to whoever waits; the thread must go on)
            for one in batch:
                one.done.set_exception(error)
        else:
            for one in batch:
                one.done.set_result(None)

    def _commit_one_by_one(self, batch: Sequence[_Waiting]) -> None:
        # One that cannot be written must not fail the others.
        for one in batch:
            try:
                self._commit([one])
            except SQLAlchemyError as error:
                logger.error("minutes were not written: %s", error)
                one.done.set_exception(error)
            except BaseException as error:  # noqa: BLE001 (as above)
                one.done.set_exception(error)
            else:
                one.done.set_result(None)

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        with self._sessions.begin() as session:
            for one in batch:
                record = one.record
                write_windows(session, record.windows, record.line_ids, record.now)
                write_readings(session, record.readings)
                # Whoever comes next in this batch reads what this one wrote.
                session.flush()
