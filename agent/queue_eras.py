"""By which state of the node's clock each row was dated, and what must be added to be right.

An era is told by the node's Unix time less its seconds since boot, which only a step of the clock changes. Once the
hub has said its time within a boot, all eras of that boot are known.
"""

from __future__ import annotations

import sqlite3

from agent.clock import TOLERANCE_SECONDS, Moment
from agent.retiming import Era

STEP_SECONDS = 0.5
KEPT_ERAS = 200
PLAUSIBLE_SECONDS = 300.0
LATE_WINDOWS_SECONDS = 2 * 86_400
"""For so long after a step of the clock a row may hold windows that were measured before it."""


def era_at(database: sqlite3.Connection, now: Moment) -> tuple[int, float]:
    """The era of this moment, begun when need be, and by how many seconds the clock stepped if it did."""
    offset = now.unix - now.monotonic
    last = database.execute("SELECT id, boot, offset, begin FROM eras ORDER BY id DESC LIMIT 1").fetchone()
    stepped = 0.0
    if last is not None:
        if last[1] == now.boot:
            stepped = offset - last[2]
            if abs(stepped) <= STEP_SECONDS:
                return last[0], 0.0
            end = last[2] + now.monotonic
        else:
            end = database.execute("SELECT max(created) FROM rows WHERE era = ?", (last[0],)).fetchone()[0] or last[3]
        database.execute("UPDATE eras SET end = ? WHERE id = ?", (end, last[0]))
    known = database.execute("SELECT value FROM facts WHERE name = 'known_time'").fetchone()
    cursor = database.execute(
        "INSERT INTO eras (boot, offset, begin, not_before) VALUES (?, ?, ?, ?)",
        (now.boot, offset, now.unix, float(known[0]) if known else None),
    )
    era = cursor.lastrowid or 0
    database.execute(
        "DELETE FROM eras WHERE id <= ? AND id NOT IN (SELECT DISTINCT era FROM rows WHERE era IS NOT NULL)",
        (era - KEPT_ERAS,),
    )
    return era, stepped


def learn(database: sqlite3.Connection, boot: str, offset: float) -> None:
    """The hub has said its time: its Unix time less this boot's seconds."""
    database.execute(
        "INSERT INTO boots VALUES (?, ?) ON CONFLICT (boot) DO UPDATE SET offset = excluded.offset", (boot, offset)
    )
    database.execute("DELETE FROM boots WHERE boot NOT IN (SELECT boot FROM eras) AND boot != ?", (boot,))


def known_offset(database: sqlite3.Connection, boot: str) -> float | None:
    row = database.execute("SELECT offset FROM boots WHERE boot = ?", (boot,)).fetchone()
    return row[0] if row else None


class Dates:
    """The eras as they are now, read once."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._eras = {
            row[0]: row[1:]
            for row in database.execute("SELECT id, boot, offset, begin, end, not_before FROM eras ORDER BY id")
        }
        self._boots = dict(database.execute("SELECT boot, offset FROM boots").fetchall())

    def correction(self, era: int | None) -> float:
        """Seconds to add to a time of this era; 0 where it is right, or where nobody knows better."""
        if era is None or era not in self._eras:
            return 0.0
        boot, offset = self._eras[era][:2]
        true = self._boots.get(boot) if boot else None
        if true is None or abs(true - offset) <= TOLERANCE_SECONDS:
            return 0.0
        return float(true - offset)

    def dated(self, era: int | None, created: float, now: Moment) -> bool:
        """Whether the time of a row can be told. An earlier boot without the hub may have been in the past."""
        if era is None or era not in self._eras:
            return True
        boot, _offset, _begin, _end, not_before = self._eras[era]
        if not boot or boot == now.boot or boot in self._boots:
            return True
        true_now = now.unix + self.now_correction(now)
        low = -PLAUSIBLE_SECONDS + (not_before if not_before is not None else 0.0)
        return low <= created <= true_now + PLAUSIBLE_SECONDS

    def now_correction(self, now: Moment) -> float:
        true = self._boots.get(now.boot) if now.boot else None
        if true is None or abs(true - (now.unix - now.monotonic)) <= TOLERANCE_SECONDS:
            return 0.0
        return float(true - (now.unix - now.monotonic))

    def known(self, era: int | None, now: Moment) -> bool:
        """Whether the age of a row of this era can be told."""
        if not now.boot or now.boot not in self._boots:
            return False
        return era in self._eras and self._eras[era][0] in self._boots

    def piecewise(self, era: int, created: float) -> tuple[Era, list[Era]] | None:
        """The row's own era and the earlier ones of which late windows may be; None when all is right as it is."""
        if era not in self._eras:
            return None
        _boot, _offset, begin = self._eras[era][:3]
        own = Era(_ms(begin), _ms(created), _ms(self.correction(era)))
        earlier = [
            Era(_ms(one[2]), _ms(one[3]), _ms(self.correction(number)))
            for number, one in reversed(self._eras.items())
            if number < era and one[3] is not None and created - begin < LATE_WINDOWS_SECONDS
        ][:8]
        if own.correction_ms == 0 and all(one.correction_ms == 0 for one in earlier):
            return None
        return own, earlier


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
