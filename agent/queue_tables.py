"""The queue's file: its tables, how older ones are brought up to date, how damage is told from trouble."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 2
CHECKED_BYTES = 64 << 20
"""A larger file is not read through at the start; damage in it shows when it is met."""

_VERSION_1 = """
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
# An era is one state of the node's clock: between two steps of it, within one boot.
_VERSION_2 = """
ALTER TABLE rows ADD COLUMN era INTEGER;
CREATE INDEX rows_by_era ON rows (era, created);
CREATE TABLE eras (
    id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, offset REAL NOT NULL, begin REAL NOT NULL,
    end REAL, not_before REAL);
CREATE TABLE boots (boot TEXT PRIMARY KEY, offset REAL NOT NULL);
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY, created REAL NOT NULL, era INTEGER, kind TEXT NOT NULL, severity TEXT NOT NULL,
    subject TEXT NOT NULL, detail TEXT NOT NULL);
UPDATE counters SET name = 'dropped_samples full' WHERE name = 'dropped_samples';
"""


class QueueVersionError(RuntimeError):
    """The queue on disk was written by a newer version of this program."""


def connect(path: Path) -> sqlite3.Connection:
    """Raises QueueVersionError, sqlite3.Error, OSError."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise QueueVersionError(
                f"{path} is of version {version}, this program knows up to {SCHEMA_VERSION}; "
                f"install the newer thongsuot-agent again, or move the file away"
            )
        if version < SCHEMA_VERSION:
            steps = "".join((_VERSION_1, _VERSION_2)[version:])
            connection.executescript(f"BEGIN;{steps}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        connection.execute("INSERT OR IGNORE INTO facts VALUES ('epoch', ?)", (secrets.token_hex(8),))
        if path.stat().st_size <= CHECKED_BYTES:
            problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise sqlite3.DatabaseError(problem)
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: sqlite3.DatabaseError) -> bool:
    # "file is not a database" and "malformed" come as the base class; locks and full disks do not.
    return type(error) is sqlite3.DatabaseError


def move_aside(path: Path, word: str) -> Path:
    """Rename the queue's files; the next one begins a new epoch. Raises OSError."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def count(database: sqlite3.Connection, name: str, by: int) -> None:
    database.execute(
        "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
        (name, by),
    )


def set_fact(database: sqlite3.Connection, name: str, value: str) -> None:
    database.execute(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )


def fact(database: sqlite3.Connection, name: str) -> str | None:
    row = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None
