"""Events within the queue's file: numbered without gaps, kept until the hub has applied them.

A full store takes no new ones, since a gap in the numbers could never be closed, and what happened first tells more
than what followed; the last places are kept for what is not mere information. What is not taken is counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent import queue_eras
from agent.queue_tables import count, fact
from agent.wire.events import MAX_DETAIL_BYTES, SUBJECT_CHARACTERS, Event, Severity

MAX_STORED = 20_000
MAX_STORED_INFORMATION = 16_000
_SEQUENCE = "event_sequence"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event before it has a number."""

    kind: str
    severity: Severity
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def append(database: sqlite3.Connection, one: Happening, created: float, era: int | None) -> int | None:
    """Its sequence number; None when the store is full, which is counted."""
    stored = database.execute("SELECT count(*) FROM events").fetchone()[0]
    if stored >= (MAX_STORED_INFORMATION if one.severity == "info" else MAX_STORED):
        count(database, f"dropped_events {one.severity}", 1)
        return None
    count(database, _SEQUENCE, 1)
    sequence: int = database.execute("SELECT value FROM counters WHERE name = ?", (_SEQUENCE,)).fetchone()[0]
    database.execute(
        "INSERT INTO events (sequence, created, era, kind, severity, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (sequence, created, era, one.kind, one.severity, printable(one.subject), fitting(one.detail)),
    )
    return sequence


def pending(database: sqlite3.Connection, most: int, max_bytes: int) -> tuple[Event, ...]:
    """The oldest ones, each dated by the true time where that is known."""
    found: list[Event] = []
    room = max_bytes
    dates = queue_eras.Dates(database)
    for sequence, created, era, kind, severity, subject, detail in database.execute(
        "SELECT sequence, created, era, kind, severity, subject, detail FROM events ORDER BY sequence LIMIT ?",
        (most,),
    ):
        room -= len(detail.encode()) + 4 * len(subject) + 200
        if room < 0 and found:
            break
        time_ms = max(0, round((created + dates.correction(era)) * 1000))
        found.append(Event(sequence, time_ms, kind, severity, subject, json.loads(detail)))
    return tuple(found)


def applied(database: sqlite3.Connection, through: int) -> int:
    """Forget what the hub has applied; how many that were."""
    return database.execute("DELETE FROM events WHERE sequence <= ?", (through,)).rowcount


def refuse(database: sqlite3.Connection, sequence: int, reason: str) -> None:
    """The hub will never take this one: in its place goes one that says so, for the numbers must have no gap."""
    row = database.execute("SELECT kind FROM events WHERE sequence = ?", (sequence,)).fetchone()
    if row is not None:
        detail = fitting({"kind": row[0], "reason": reason[:500]})
        database.execute(
            "UPDATE events SET kind = 'agent.event_refused', severity = 'warning', subject = '', detail = ? "
            "WHERE sequence = ?",
            (detail, sequence),
        )
        count(database, "refused_events", 1)


def epoch(database: sqlite3.Connection) -> str:
    return fact(database, "epoch") or ""


def printable(text: str) -> str:
    """One line that the hub takes as a subject."""
    clean = text.encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in clean)[:SUBJECT_CHARACTERS]


def fitting(detail: Mapping[str, Any]) -> str:
    """As JSON within the wire's limit: what does not fit is left out from the end, and that is said."""
    held = dict(detail)
    left_out = 0
    while True:
        text = json.dumps(held if not left_out else {**held, "left_out": left_out}, ensure_ascii=False, default=str)
        text = text.encode("utf-8", "replace").decode()
        if len(text.encode()) <= MAX_DETAIL_BYTES or not held:
            return text
        held.popitem()
        left_out += 1
