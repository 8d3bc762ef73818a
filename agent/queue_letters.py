"""Dead letters within the queue's file: what the hub will never take, kept with its reason, bounded."""

from __future__ import annotations

import sqlite3

from agent.queue_tables import count

DEAD_LETTER_ROWS = 1_000
DEAD_LETTER_BYTES = 16 << 20


def keep(
    database: sqlite3.Connection, created: float, now: float, reason: str, samples: int, refused: int, packed: bytes
) -> None:
    """`packed`: remote write protobuf under zlib, of `samples` samples, of which `refused` are lost to the hub."""
    database.execute(
        "INSERT INTO dead_letters (created, refused, reason, samples, payload) VALUES (?, ?, ?, ?, ?)",
        (created, now, reason[:1000], samples, packed),
    )
    count(database, "dead_letter_samples", refused)


def bound(database: sqlite3.Connection) -> None:
    """The oldest go first."""
    database.execute(
        "DELETE FROM dead_letters WHERE id NOT IN (SELECT id FROM dead_letters ORDER BY id DESC LIMIT ?)",
        (DEAD_LETTER_ROWS,),
    )
    database.execute(
        "DELETE FROM dead_letters WHERE id IN (SELECT id FROM (SELECT id, "
        "sum(length(payload)) OVER (ORDER BY id DESC) AS total FROM dead_letters) WHERE total > ?)",
        (DEAD_LETTER_BYTES,),
    )
