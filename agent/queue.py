"""The node's disk queue: what was measured stays here until the hub has said that it is on its disk.

One row per collection. Committed rows survive `kill -9` and power cuts (WAL, synchronous=FULL); a row goes
in the transaction that acknowledges it, and the rows of a request are fixed on disk before its first try,
so that a retry sends the very same bytes. Bounded in bytes and age: the oldest goes first, and is counted.
Knows nothing of HTTP or of what the samples mean. Not for use by two threads at once.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
MAX_BYTES = 1 << 30
MAX_AGE_SECONDS = 30 * 86_400
"""Twice the fourteen days that the hub takes: a node whose clock was wrong loses nothing by it."""
DEAD_LETTER_ROWS = 1_000
DEAD_LETTER_BYTES = 16 << 20
CHECKED_BYTES = 64 << 20
"""A larger file is not read through at the start; damage in it shows when it is met."""

_SCHEMA = """
CREATE TABLE rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, samples INTEGER NOT NULL,
    bytes INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE INDEX rows_by_age ON rows (created, id, samples, bytes);
CREATE TABLE batches (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created REAL NOT NULL, refused REAL NOT NULL, reason TEXT NOT NULL,
    samples INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class QueueVersionError(RuntimeError):
    """The queue on disk was written by a newer version of this program."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows `first`..`last` as one request. `payload`: remote write protobuf, not compressed."""

    first: int
    last: int
    samples: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """`oldest`: Unix seconds at which the oldest row was collected."""

    rows: int
    samples: int
    bytes: int
    oldest: float | None
    dropped_samples: int
    dead_letter_samples: int
    last_delivery: float | None
    last_error: str | None


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

    def put(self, payload: bytes, samples: int, now: float, facts: Mapping[str, str] | None = None) -> int | None:
        """Commit a collection and what is to be remembered with it; its row, None when there is nothing."""
        try:
            return self._put(payload, samples, now, facts or {})
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._connection.close()
            self._move_aside(error)
            self._connection = self._open()
            return self._put(payload, samples, now, facts or {})

    def _put(self, payload: bytes, samples: int, now: float, facts: Mapping[str, str]) -> int | None:
        with self._transaction() as database:
            for name, value in facts.items():
                _set_fact(database, name, value)
            if not samples:
                return None
            packed = zlib.compress(payload, 6)
            self._make_room(database, len(packed), now)
            cursor = database.execute(
                "INSERT INTO rows (created, samples, bytes, payload) VALUES (?, ?, ?, ?)",
                (now, samples, len(packed), packed),
            )
            self._add(1, samples, len(packed))
            return cursor.lastrowid

    def fixed_batches(self) -> list[tuple[int, int]]:
        """(first, last) of requests that were tried and not answered."""
        return self._connection.execute("SELECT first, last FROM batches ORDER BY first").fetchall()

    def fix_batch(self, after: int, up_to: int, max_samples: int) -> tuple[int, int] | None:
        """Fix the rows of a new request: the first ones with `after` < id ≤ `up_to` in no request yet."""
        first = last = None
        samples = 0
        with self._transaction() as database:
            taken = database.execute("SELECT first, last FROM batches").fetchall()
            for row, count in database.execute(
                "SELECT id, samples FROM rows WHERE id > ? AND id <= ? ORDER BY id", (after, up_to)
            ):
                if any(low <= row <= high for low, high in taken):
                    if first is not None:
                        break
                    continue
                if first is not None and samples + count > max_samples:
                    break
                first = row if first is None else first
                last = row
                samples += count
            if first is None or last is None:
                return None
            database.execute("INSERT INTO batches (first, last) VALUES (?, ?)", (first, last))
            return first, last

    def load(self, first: int, last: int) -> Batch | None:
        """The request of these rows; None when they are gone (dropped for age or room)."""
        payloads = []
        samples = 0
        for packed, count in self._connection.execute(
            "SELECT payload, samples FROM rows WHERE id BETWEEN ? AND ? ORDER BY id", (first, last)
        ):
            try:
                payloads.append(zlib.decompress(packed))
            except zlib.error as error:
                logger.error("a row of the queue is damaged (%s): %d samples are lost", error, count)
                continue
            samples += count
        return Batch(first, last, samples, b"".join(payloads)) if payloads else None

    def acknowledge(self, first: int, last: int, now: float) -> None:
        """The hub has these rows on its disk."""
        with self._transaction() as database:
            self._delete(database, first, last)
            _set_fact(database, "last_delivery", repr(now))

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
            database.execute(
                "INSERT INTO dead_letters (created, refused, reason, samples, payload) VALUES (?, ?, ?, ?, ?)",
                (row[0] or now, now, reason[:1000], batch.samples, zlib.compress(batch.payload)),
            )
            _count(database, "dead_letter_samples", refused)
            self._delete(database, batch.first, batch.last)
            _set_fact(database, "last_error", reason[:1000])
            self._bound_dead_letters(database)

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
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def remember(self, name: str, value: str) -> None:
        with self._transaction() as database:
            _set_fact(database, name, value)

    def status(self) -> QueueStatus:
        return _status(self._connection, self._totals)

    # inside

    def _open(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._move_aside(error)
            connection = self._connect()
        self._totals = _totals(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=5, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise QueueVersionError(
                    f"{self._path} is of version {version}, this program knows up to {SCHEMA_VERSION}; "
                    f"install the newer thongsuot-agent again, or move the file away"
                )
            if version == 0:
                connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
            if self._path.stat().st_size <= CHECKED_BYTES:
                problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if problem != "ok":
                    raise sqlite3.DatabaseError(problem)
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.corrupt-{number}")).exists():
            number += 1
        self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).replace(aside.with_name(aside.name + suffix))
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

    def _make_room(self, database: sqlite3.Connection, needed: int, now: float) -> None:
        dropped = 0
        while row := database.execute("SELECT id, created, samples, bytes FROM rows ORDER BY id LIMIT 1").fetchone():
            number, created, samples, size = row
            # A clock that was ahead must not make rows immortal, nor one behind drop them: age by row order.
            if self._totals[2] + needed <= self._max_bytes and now - created <= self._max_age_seconds:
                break
            database.execute("DELETE FROM rows WHERE id = ?", (number,))
            self._add(-1, -samples, -size)
            dropped += samples
        if dropped:
            _count(database, "dropped_samples", dropped)
            logger.warning("the queue is full or too old: dropped %d of the oldest samples", dropped)

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

    def _bound_dead_letters(self, database: sqlite3.Connection) -> None:
        database.execute(
            "DELETE FROM dead_letters WHERE id NOT IN (SELECT id FROM dead_letters ORDER BY id DESC LIMIT ?)",
            (DEAD_LETTER_ROWS,),
        )
        database.execute(
            "DELETE FROM dead_letters WHERE id IN (SELECT id FROM (SELECT id, "
            "sum(length(payload)) OVER (ORDER BY id DESC) AS total FROM dead_letters) WHERE total > ?)",
            (DEAD_LETTER_BYTES,),
        )


def read_status(path: Path) -> QueueStatus:
    """Of a queue that another process has open. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        return _status(connection, _totals(connection))
    finally:
        connection.close()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    # "file is not a database" and "malformed" come as the base class; locks and full disks do not.
    return type(error) is sqlite3.DatabaseError


def _totals(database: sqlite3.Connection) -> tuple[int, int, int]:
    rows, samples, size = database.execute(
        "SELECT count(*), coalesce(sum(samples), 0), coalesce(sum(bytes), 0) FROM rows INDEXED BY rows_by_age"
    ).fetchone()
    return rows, samples, size


def _status(database: sqlite3.Connection, totals: tuple[int, int, int]) -> QueueStatus:
    oldest = database.execute("SELECT min(created) FROM rows").fetchone()[0]
    counters = dict(database.execute("SELECT name, value FROM counters").fetchall())
    facts = dict(database.execute("SELECT name, value FROM facts").fetchall())
    delivery = facts.get("last_delivery")
    return QueueStatus(
        rows=totals[0],
        samples=totals[1],
        bytes=totals[2],
        oldest=oldest,
        dropped_samples=counters.get("dropped_samples", 0),
        dead_letter_samples=counters.get("dead_letter_samples", 0),
        last_delivery=float(delivery) if delivery else None,
        last_error=facts.get("last_error") or None,
    )


def _count(database: sqlite3.Connection, name: str, by: int) -> None:
    database.execute(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (name, by),
    )


def _set_fact(database: sqlite3.Connection, name: str, value: str) -> None:
    database.execute(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )
