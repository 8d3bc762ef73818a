"""Which sites a report of a unit is about: by the unit that was, or by the one that it became."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from collector.directory.belonging import sites_of
from collector.directory.nouns import NOUNS
from collector.directory.states import load


def sites_of_unit(session: Session, unit: str, on: date) -> tuple[str, list[str]]:
    """The unit's name and the codes of its sites on that day. KeyError: no such unit.

    `unit`: its key (CODE@YYYY-MM-DD, from when it is valid).
    """
    units = {f"{state['code']}@{_iso(state['valid_from'])}": state for _, state in load(session, NOUNS["units"])}
    sites = {str(state["code"]): state for _, state in load(session, NOUNS["sites"])}
    found = sites_of(units, sites, unit, on)
    # A site that has ended since has still its lines of then.
    return str(units[unit]["name"]), [one.site for one in found]


def _iso(day: object) -> str:
    return day.isoformat() if isinstance(day, date) else str(day)
