"""The durable queue between ingest and the receivers: SQLite, one row per accepted payload, a cursor per receiver.

Blocking by nature: callers run it in a thread of their own. Knows nothing of HTTP.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

SCHEMA_VERSION = 2
DEAD_LETTERS_KEPT = 10_000

_SCHEMA = """
CREATE TABLE payloads (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created REAL NOT NULL,
    samples INTEGER NOT NULL,
    payload BLOB NOT NULL,
    own INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE cursors (receiver TEXT PRIMARY KEY, last_id INTEGER NOT NULL);
CREATE TABLE counters (name TEXT NOT NULL, receiver TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (name, receiver));
CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver TEXT NOT NULL, created REAL NOT NULL, reason TEXT NOT NULL,
    samples INTEGER NOT NULL, payload BLOB NOT NULL
);
"""

_SINCE_VERSION_1 = "ALTER TABLE payloads ADD COLUMN own INTEGER NOT NULL DEFAULT 0;"


class QueueVersionError(RuntimeError):
    """The file was written by a newer version of this program."""


@dataclass(frozen=True, slots=True)
class Row:
    """`payload` is an uncompressed WriteRequest of `samples` samples."""

    id: int
    samples: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one receiver has still to get; `oldest` is the Unix time of its oldest row, None when empty."""

    rows: int
    samples: int
    oldest: float | None


class OutboundQueue:
    """Rows live until every receiver has passed them, or until the queue is over its bounds: oldest out first."""

    def __init__(self, path: Path, *, max_bytes: int, max_age_seconds: float) -> None:
        self._max_bytes = max_bytes
        self._max_age_seconds = max_age_seconds
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        # A 204 to a node is a promise: the row must outlive a power cut.
        self._db.execute("PRAGMA synchronous=FULL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            self._db.close()
            raise QueueVersionError(
                f"{path} was written by a newer version (schema {version}, this program knows "
                f"{SCHEMA_VERSION}); start the newer version or move the file away"
            )
        if version == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        elif version == 1:
            self._db.executescript(f"BEGIN;{_SINCE_VERSION_1}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        self._takes_own: frozenset[str] = frozenset()
        self._bytes: int = self._db.execute("SELECT coalesce(sum(length(payload)), 0) FROM payloads").fetchone()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def register(self, receivers: Iterable[str], takes_own: Iterable[str] = ()) -> None:
        """Make `receivers` the whole set: a new one starts at the oldest row kept, one left out is forgotten.

        `takes_own`: those that also get the hub's own samples; whoever scrapes the hub does not.
        """
        wanted = set(receivers)
        self._takes_own = frozenset(takes_own)
        with self._transaction():
            known = {name for (name,) in self._db.execute("SELECT receiver FROM cursors")}
            for name in known - wanted:
                self._db.execute("DELETE FROM cursors WHERE receiver = ?", (name,))
            for name in wanted - known:
                self._db.execute("INSERT INTO cursors VALUES (?, 0)", (name,))
            self._drop_delivered()

    def append(self, payloads: Iterable[tuple[bytes, int, bool]], now: float) -> None:
        """Commit (payload, samples, whether the hub's own) as one transaction, then keep the queue within bounds."""
        with self._transaction():
            for payload, samples, own in payloads:
                self._db.execute(
                    "INSERT INTO payloads (created, samples, payload, own) VALUES (?, ?, ?, ?)",
                    (now, samples, payload, own),
                )
                self._bytes += len(payload)
            self._drop_over_bounds(now)

    def next_rows(self, receiver: str, max_samples: int) -> list[Row]:
        """The oldest rows that `receiver` has not passed: at least one, else at most `max_samples` samples."""
        found: list[Row] = []
        samples = 0
        cursor = self._db.execute(
            "SELECT id, samples, payload FROM payloads WHERE id > ? AND (own = 0 OR ?) ORDER BY id",
            (self._cursor(receiver), receiver in self._takes_own),
        )
        for row in cursor:
            if found and samples + row[1] > max_samples:
                break
            found.append(Row(*row))
            samples += row[1]
        cursor.close()
        return found

    def acknowledge(self, receiver: str, last_id: int, sent_samples: int) -> None:
        """Move the receiver's cursor; rows that all have passed are deleted in the same transaction."""
        with self._transaction():
            self._db.execute("UPDATE cursors SET last_id = ? WHERE receiver = ?", (last_id, receiver))
            self._count("sent", receiver, sent_samples)
            self._drop_delivered()

    def bury(self, receiver: str, payload: bytes, samples: int, reason: str, now: float) -> None:
        """Keep what a receiver will never take, with its reason; the oldest of these go first."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO dead_letters (receiver, created, reason, samples, payload) VALUES (?, ?, ?, ?, ?)",
                (receiver, now, reason, samples, payload),
            )
            self._count("dead_letter", receiver, samples)
            self._db.execute(
                "DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - ?", (DEAD_LETTERS_KEPT,)
            )

    def dead_letters(self, receiver: str) -> list[tuple[str, int, bytes]]:
        """(reason, samples, payload) of what `receiver` refused for good, oldest first."""
        return self._db.execute(
            "SELECT reason, samples, payload FROM dead_letters WHERE receiver = ? ORDER BY id", (receiver,)
        ).fetchall()

    def backlog(self, receiver: str) -> Backlog:
        return Backlog(
            *self._db.execute(
                "SELECT count(*), coalesce(sum(samples), 0), min(created) FROM payloads "
                "WHERE id > ? AND (own = 0 OR ?)",
                (self._cursor(receiver), receiver in self._takes_own),
            ).fetchone()
        )

    def counters(self) -> dict[tuple[str, str], int]:
        """(name, receiver) → samples since the file was made; names: sent, dropped, dead_letter."""
        return {(name, receiver): value for name, receiver, value in self._db.execute("SELECT * FROM counters")}

    def _cursor(self, receiver: str) -> int:
        row = self._db.execute("SELECT last_id FROM cursors WHERE receiver = ?", (receiver,)).fetchone()
        if row is None:
            raise KeyError(f"receiver {receiver!r} is not registered")
        return int(row[0])

    def _drop_delivered(self) -> None:
        # With no receiver nothing is waited for, and nothing is kept.
        self._delete("id <= (SELECT coalesce(min(last_id), 9223372036854775807) FROM cursors)", ())

    def _drop_over_bounds(self, now: float) -> None:
        too_old = self._db.execute(
            "SELECT max(id) FROM payloads WHERE created < ?", (now - self._max_age_seconds,)
        ).fetchone()[0]
        if too_old is not None:
            self._count_and_drop(too_old)
        while self._bytes > self._max_bytes:
            # A hundredth at a time: one pass frees room for many appends.
            last = self._db.execute(
                "SELECT max(id) FROM (SELECT id FROM payloads ORDER BY id LIMIT max(1, "
                "(SELECT count(*) / 100 FROM payloads)))"
            ).fetchone()[0]
            if last is None:
                break
            self._count_and_drop(last)

    def _count_and_drop(self, last_id: int) -> None:
        for receiver, after in self._db.execute("SELECT receiver, last_id FROM cursors").fetchall():
            lost = self._db.execute(
                "SELECT coalesce(sum(samples), 0) FROM payloads WHERE id > ? AND id <= ? AND (own = 0 OR ?)",
                (after, last_id, receiver in self._takes_own),
            ).fetchone()[0]
            self._count("dropped", receiver, lost)
        self._delete("id <= ?", (last_id,))

    def _delete(self, where: str, values: tuple[int, ...]) -> None:
        gone = self._db.execute(
            f"SELECT coalesce(sum(length(payload)), 0) FROM payloads WHERE {where}",  # noqa: S608 - our own words
            values,
        ).fetchone()[0]
        self._db.execute(f"DELETE FROM payloads WHERE {where}", values)  # noqa: S608 - our own words
        self._bytes -= gone

    def _count(self, name: str, receiver: str, samples: int) -> None:
        if samples:
            self._db.execute(
                "INSERT INTO counters VALUES (?, ?, ?) "
                "ON CONFLICT (name, receiver) DO UPDATE SET value = value + excluded.value",
                (name, receiver, samples),
            )

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
