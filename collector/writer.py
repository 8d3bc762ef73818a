"""The one thread that writes the collector's tables; what waits shares one commit."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from collector.node_minutes import GroupReading, minute_of, write_readings
from collector.quality import speeds, work
from collector.quality.evidence import Evidence, write_evidence
from collector.quality.minutes import write_windows
from collector.quality.speeds import Speed
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
    measures: frozenset[str] = frozenset()
    """The lines that whoever sent it measures: what it says of itself is evidence for them."""
    evidence: Evidence | None = None
    speeds: Sequence[Speed] = ()


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
        touched: dict[int, set[int]] = defaultdict(set)
        with self._sessions.begin() as session:
            for one in batch:
                self._write(session, one.record, touched)
                # Whoever comes next in this batch reads what this one wrote.
                session.flush()
            work.mark(session, touched)

    def _write(self, session: Session, record: Record, touched: dict[int, set[int]]) -> None:
        for line_id, minutes in write_windows(session, record.windows, record.line_ids, record.now).items():
            touched[line_id] |= minutes
        write_readings(session, record.readings)
        said = {minute_of(reading.at_ms) for reading in record.readings if reading.group == "boot"}
        if record.evidence:
            for minutes in write_evidence(session, [record.evidence]).values():
                said |= minutes
        speeds.write(session, record.speeds, record.line_ids)
        for line in record.measures:
            if line in record.line_ids:
                touched[record.line_ids[line]] |= said
