"""The node's disk queue: what was measured stays here until the hub has said that it is on its disk.

One row per collection. Committed rows survive `kill -9` and power cuts (WAL, synchronous=FULL); a row goes
in the transaction that acknowledges it, and the rows of a request are fixed on disk before its first try,
so that a retry sends the very same bytes; then, too, what was dated by a wrong clock is dated anew. Bounded in
bytes and age: the oldest goes first, and is counted by reason. Events lie beside (`queue_events`).
Knows nothing of HTTP or of what the samples mean. Not for use by two threads at once.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from agent import queue_dating, queue_eras, queue_events, queue_letters
from agent.clock import Moment
from agent.queue_events import Happening
from agent.queue_status import QueueStatus, read_status, status, totals
from agent.queue_tables import (
    QueueVersionError,
    connect,
    count,
    fact,
    is_damage,
    move_aside,
    set_fact,
)
from agent.wire.events import MAX_BODY_BYTES, MAX_EVENTS, Event

__all__ = ["Batch", "Happening", "Queue", "QueueStatus", "QueueVersionError", "read_status"]

logger = logging.getLogger(__name__)

MAX_BYTES = 1 << 30
MAX_AGE_SECONDS = 30 * 86_400
"""Twice the fourteen days that the hub takes: a node whose clock was wrong loses nothing by it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows `first`..`last` as one request. `payload`: remote write protobuf, not compressed."""

    first: int
    last: int
    samples: int
    payload: bytes


class Queue:
    """Raises QueueVersionError; sqlite3.OperationalError and OSError when the folder cannot be used."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, max_age_seconds: float = MAX_AGE_SECONDS) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_age_seconds = max_age_seconds
        self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def put(
        self,
        payload: bytes,
        samples: int,
        now: float | Moment,
        facts: Mapping[str, str] | None = None,
        happenings: tuple[Happening, ...] = (),
    ) -> int | None:
        """Commit a collection, what is to be remembered with it and what happened; its row, None without samples.

        `now` as Unix seconds alone: of a clock that is right.
        """
        try:
            return self._put(payload, samples, now, facts or {}, happenings)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._connection.close()
            self._leave_damaged(error)
            self._connection = self._open()
            return self._put(payload, samples, now, facts or {}, happenings)

    def _put(
        self,
        payload: bytes,
        samples: int,
        now: float | Moment,
        facts: Mapping[str, str],
        happenings: tuple[Happening, ...],
    ) -> int | None:
        with self._transaction() as database:
            for name, value in facts.items():
                set_fact(database, name, value)
            moment = now if isinstance(now, Moment) else None
            created = moment.unix if moment is not None else float(now)  # type: ignore[arg-type]
            era = None
            if moment is not None:
                era, stepped = queue_eras.era_at(database, moment)
                if stepped:
                    logger.warning("this machine's clock stepped by %+.1f s", stepped)
                    step = Happening("clock.stepped", "warning", detail={"seconds": round(stepped, 3)})
                    queue_events.append(database, step, created, era)
            for one in happenings:
                queue_events.append(database, one, created, era)
            if not samples:
                return None
            packed = zlib.compress(payload, 6)
            self._make_room(database, len(packed), created, moment)
            cursor = database.execute(
                "INSERT INTO rows (created, samples, bytes, payload, era) VALUES (?, ?, ?, ?, ?)",
                (created, samples, len(packed), packed, era),
            )
            self._add(1, samples, len(packed))
            return cursor.lastrowid

    # events

    @property
    def epoch(self) -> str:
        return queue_events.epoch(self._connection)

    def pending_events(self) -> tuple[Event, ...]:
        """One request's worth of the oldest events."""
        return queue_events.pending(self._connection, MAX_EVENTS, MAX_BODY_BYTES - 1024)

    def events_applied(self, through: int) -> int:
        """The hub has applied the events up to this number; how many were still here."""
        with self._transaction() as database:
            return queue_events.applied(database, through)

    def refuse_event(self, sequence: int, reason: str) -> None:
        with self._transaction() as database:
            queue_events.refuse(database, sequence, reason)
            set_fact(database, "last_error", reason[:1000])

    def begin_epoch(self) -> None:
        """The hub lacks events that it once applied: what is left goes on under another epoch."""
        with self._transaction() as database:
            set_fact(database, "epoch", secrets.token_hex(8))

    # clock

    def learn_clock(self, boot: str, offset: float) -> None:
        """The hub's Unix time less the seconds since this boot."""
        with self._transaction() as database:
            queue_eras.learn(database, boot, offset)

    def known_clock(self, boot: str) -> float | None:
        return queue_eras.known_offset(self._connection, boot)

    # requests

    def fixed_batches(self) -> list[tuple[int, int]]:
        """(first, last) of requests that were tried and not answered."""
        return self._connection.execute("SELECT first, last FROM batches ORDER BY first").fetchall()

    def fix_batch(
        self, after: int, up_to: int, max_samples: int, now: Moment | None = None
    ) -> tuple[int, int] | None:
        """Fix the rows of a new request: the first ones with `after` < id ≤ `up_to` in no request yet.

        With `now` their times are corrected as far as the hub's clock is known.
        """
        first = last = None
        samples = 0
        with self._transaction() as database:
            if now is not None:
                self._bury_undated(database, after, up_to, now)
            taken = database.execute("SELECT first, last FROM batches").fetchall()
            for row, held in database.execute(
                "SELECT id, samples FROM rows WHERE id > ? AND id <= ? ORDER BY id", (after, up_to)
            ):
                if any(low <= row <= high for low, high in taken):
                    if first is not None:
                        break
                    continue
                if first is not None and samples + held > max_samples:
                    break
                first = row if first is None else first
                last = row
                samples += held
            if first is None or last is None:
                return None
            if now is not None:
                self._date_anew(database, first, last)
            database.execute("INSERT INTO batches (first, last) VALUES (?, ?)", (first, last))
            return first, last

    def load(self, first: int, last: int) -> Batch | None:
        """The request of these rows; None when they are gone (dropped for age or room)."""
        payloads = []
        samples = 0
        for packed, held in self._connection.execute(
            "SELECT payload, samples FROM rows WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)
        ):
            try:
                payloads.append(zlib.decompress(packed))
            except zlib.error as error:
                logger.error("a row of the queue is damaged (%s): %d samples are lost", error, held)
                continue
            samples += held
        return Batch(first, last, samples, b"".join(payloads)) if payloads else None

    def acknowledge(self, first: int, last: int, now: float) -> None:
        """The hub has these rows on its disk."""
        with self._transaction() as database:
            self._delete(database, first, last)
            set_fact(database, "last_delivery", repr(now))
            set_fact(database, "known_time", repr(now))

    def forget_batch(self, first: int) -> None:
        """There is nothing left to send of it."""
        with self._transaction() as database:
            database.execute("DELETE FROM batches WHERE first = ?", (first,))

    def split(self, first: int, last: int) -> list[tuple[int, int]]:
        """Fix two requests in place of one; none when it is a single row, which stays as it is."""
        rows = [
            row
            for (row,) in self._connection.execute(
                "SELECT id FROM rows WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)
            )
        ]
        if len(rows) < 2:
            return []
        middle = len(rows) // 2
        halves = [(rows[0], rows[middle - 1]), (rows[middle], rows[-1])]
        with self._transaction() as database:
            database.execute("DELETE FROM batches WHERE first = ?", (first,))
            database.executemany("INSERT INTO batches (first, last) VALUES (?, ?)", halves)
        return halves

    def bury(self, batch: Batch, reason: str, refused: int, now: float) -> None:
        """The hub will never take this request: keep it aside with the reason, count what it refused."""
        with self._transaction() as database:
            row = database.execute(
                "SELECT min(created) FROM rows WHERE id BETWEEN ? AND ?", (batch.first, batch.last)
            ).fetchone()
            queue_letters.keep(
                database, row[0] or now, now, reason, batch.samples, refused, zlib.compress(batch.payload)
            )
            self._delete(database, batch.first, batch.last)
            set_fact(database, "last_error", reason[:1000])
            queue_letters.bound(database)

    def newest_before(self, created: float) -> int:
        """Highest row collected before this time, 0 when there is none."""
        row = self._connection.execute(
            "SELECT id FROM rows WHERE created < ? ORDER BY created DESC LIMIT 1", (created,)
        ).fetchone()
        return row[0] if row else 0

    @property
    def newest(self) -> int:
        """Highest row ever committed."""
        row = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'rows'").fetchone()
        return row[0] if row else 0

    def fact(self, name: str) -> str | None:
        return fact(self._connection, name)

    def remember(self, name: str, value: str) -> None:
        with self._transaction() as database:
            set_fact(database, name, value)

    def status(self) -> QueueStatus:
        return status(self._connection, self._totals)

    # inside

    def _open(self) -> sqlite3.Connection:
        try:
            connection = connect(self._path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._leave_damaged(error)
            connection = connect(self._path)
        self._totals = totals(connection)
        return connection

    def _leave_damaged(self, error: sqlite3.DatabaseError) -> None:
        aside = move_aside(self._path, "corrupt")
        logger.error(
            "the queue %s is damaged (%s); it is kept as %s and a new one begins", self._path, error, aside.name
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        totals = self._totals
        database = self._connection
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.execute("COMMIT")
        except BaseException:
            self._totals = totals
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def _make_room(self, database: sqlite3.Connection, needed: int, created: float, now: Moment | None) -> None:
        dropped: dict[str, int] = {}
        dates = None
        while row := database.execute(
            "SELECT id, created, samples, bytes, era FROM rows ORDER BY id LIMIT 1"
        ).fetchone():
            number, dated, samples, size, era = row
            # A clock that was ahead must not make rows immortal, nor a step of it drop them: the age counts only
            # where both times are known to be right.
            age = created - dated
            if now is not None and era is not None and age > self._max_age_seconds:
                dates = dates or queue_eras.Dates(database)
                age = 0.0
                if dates.known(era, now):
                    age = created + dates.now_correction(now) - dated - dates.correction(era)
            full = self._totals[2] + needed > self._max_bytes
            if not full and age <= self._max_age_seconds:
                break
            database.execute("DELETE FROM rows WHERE id = ?", (number,))
            self._add(-1, -samples, -size)
            reason = "full" if full else "age"
            dropped[reason] = dropped.get(reason, 0) + samples
        for reason, samples in dropped.items():
            count(database, f"dropped_samples {reason}", samples)
            logger.warning("the queue drops %d of the oldest samples (%s)", samples, reason)

    def _date_anew(self, database: sqlite3.Connection, first: int, last: int) -> None:
        self._add(0, 0, queue_dating.date_anew(database, first, last))

    def _bury_undated(self, database: sqlite3.Connection, after: int, up_to: int, now: Moment) -> None:
        for row, samples, size in queue_dating.bury_undated(database, after, up_to, now):
            self._add(-1, -samples, -size)
            database.execute("DELETE FROM batches WHERE first = ?", (row,))

    def _delete(self, database: sqlite3.Connection, first: int, last: int) -> None:
        rows, samples, size = database.execute(
            "SELECT count(*), coalesce(sum(samples), 0), coalesce(sum(bytes), 0) FROM rows WHERE id BETWEEN ? AND ?",
            (first, last),
        ).fetchone()
        database.execute("DELETE FROM rows WHERE id BETWEEN ? AND ?", (first, last))
        database.execute("DELETE FROM batches WHERE first BETWEEN ? AND ?", (first, last))
        self._add(-rows, -samples, -size)

    def _add(self, rows: int, samples: int, size: int) -> None:
        self._totals = (self._totals[0] + rows, self._totals[1] + samples, self._totals[2] + size)
