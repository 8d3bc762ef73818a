"""What the queue holds and what became of the rest, for status, metrics and whoever asks from outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SHOWN_LETTERS = 3


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """`oldest`: Unix seconds at which the oldest row was collected. `dropped`, `dropped_events`: by reason."""

    rows: int
    samples: int
    bytes: int
    oldest: float | None
    dead_letter_samples: int
    last_delivery: float | None
    last_error: str | None
    dropped: Mapping[str, int] = field(default_factory=dict)
    events: int = 0
    dropped_events: Mapping[str, int] = field(default_factory=dict)
    refused_events: int = 0
    letters: tuple[tuple[float, str], ...] = ()
    """When (Unix seconds) and why the hub refused samples for good, the latest first."""

    @property
    def dropped_samples(self) -> int:
        return sum(self.dropped.values())


def read_status(path: Path) -> QueueStatus:
    """Of a queue that another process has open. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        return status(connection, totals(connection))
    finally:
        connection.close()


def totals(database: sqlite3.Connection) -> tuple[int, int, int]:
    rows, samples, size = database.execute(
        "SELECT count(*), coalesce(sum(samples), 0), coalesce(sum(bytes), 0) FROM rows INDEXED BY rows_by_age"
    ).fetchone()
    return rows, samples, size


def status(database: sqlite3.Connection, held: tuple[int, int, int]) -> QueueStatus:
    oldest = database.execute("SELECT min(created) FROM rows").fetchone()[0]
    counters = dict(database.execute("SELECT name, value FROM counters").fetchall())
    facts = dict(
        database.execute("SELECT name, value FROM facts WHERE name IN ('last_delivery', 'last_error')").fetchall()
    )
    delivery = facts.get("last_delivery")
    return QueueStatus(
        rows=held[0],
        samples=held[1],
        bytes=held[2],
        oldest=oldest,
        dead_letter_samples=counters.get("dead_letter_samples", 0),
        last_delivery=float(delivery) if delivery else None,
        last_error=facts.get("last_error") or None,
        dropped=_by_reason(counters, "dropped_samples "),
        events=database.execute("SELECT count(*) FROM events").fetchone()[0],
        dropped_events=_by_reason(counters, "dropped_events "),
        refused_events=counters.get("refused_events", 0),
        letters=tuple(
            database.execute("SELECT refused, reason FROM dead_letters ORDER BY id DESC LIMIT ?", (SHOWN_LETTERS,))
        ),
    )


def _by_reason(counters: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): value for name, value in counters.items() if name.startswith(prefix)}
