"""Dates queued rows anew when the hub has told the time, and sets aside those that nobody can date."""

from __future__ import annotations

import logging
import sqlite3
import zlib

from agent import queue_letters
from agent.clock import Moment
from agent.queue_eras import Dates
from agent.retiming import DamagedPayloadError, piecewise, retime

logger = logging.getLogger(__name__)

UNDATED_AT_ONCE = 1000
_UNDATED = "the clock was wrong from boot to boot, and the hub was not heard between"


def date_anew(database: sqlite3.Connection, first: int, last: int) -> int:
    """Rewrites what was dated by a clock that is now known to have been wrong; by how many bytes the rows grew."""
    dates = Dates(database)
    grown = 0
    for row, created, era in database.execute(
        "SELECT id, created, era FROM rows WHERE id BETWEEN ? AND ? AND era IS NOT NULL", (first, last)
    ).fetchall():
        times = dates.piecewise(era, created)
        if times is None:
            continue
        packed, size = database.execute("SELECT payload, bytes FROM rows WHERE id = ?", (row,)).fetchone()
        try:
            payload = zlib.compress(retime(zlib.decompress(packed), piecewise(*times)), 6)
        except (zlib.error, DamagedPayloadError) as error:
            logger.error("a row of the queue cannot be dated anew: %s", error)
            continue
        database.execute("UPDATE rows SET payload = ?, bytes = ? WHERE id = ?", (payload, len(payload), row))
        grown += len(payload) - size
    return grown


def bury_undated(database: sqlite3.Connection, after: int, up_to: int, now: Moment) -> list[tuple[int, int, int]]:
    """Rows of an earlier boot that began in the past and never heard the hub: (row, samples, bytes) of those."""
    dates = Dates(database)
    buried: list[tuple[int, int, int]] = []
    for era, low in database.execute(
        "SELECT era, min(created) FROM rows WHERE era IS NOT NULL AND id > ? AND id <= ? GROUP BY era", (after, up_to)
    ).fetchall():
        if dates.dated(era, low, now):
            continue
        for row, created, samples, size in database.execute(
            "SELECT id, created, samples, bytes FROM rows WHERE era = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?",
            (era, after, up_to, UNDATED_AT_ONCE),
        ).fetchall():
            packed = database.execute("SELECT payload FROM rows WHERE id = ?", (row,)).fetchone()[0]
            queue_letters.keep(database, created, now.unix, _UNDATED, samples, samples, packed)
            database.execute("DELETE FROM rows WHERE id = ?", (row,))
            buried.append((row, samples, size))
        queue_letters.bound(database)
    if buried:
        logger.error("%d samples cannot be dated and are set aside: %s", sum(one[1] for one in buried), _UNDATED)
    return buried
