"""Rows of the directory read as states. References come as keys, so nobody above sees a row's number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from collector.directory.nouns import NOUNS, Noun, State
from collector.tables import Site, SitePast, Unit

AT_ONCE = 500
"""Values in one IN: SQLite's older limit is 999 parameters."""


def table_of(noun: Noun) -> Table:
    return cast(Table, noun.table.__table__)


def find_rows(session: Session, noun: Noun, keys: Iterable[str]) -> dict[str, int]:
    """Key → row number, for those that exist."""
    wanted = {key for key in keys if key.isprintable()}
    table = table_of(noun)
    columns = [table.c.id, table.c.code]
    if noun.name == "units":
        columns.append(table.c.valid_from)
    codes = sorted({key.partition("@")[0] for key in wanted})
    found: dict[str, int] = {}
    for start in range(0, len(codes), AT_ONCE):
        for row in session.execute(select(*columns).where(table.c.code.in_(codes[start : start + AT_ONCE]))):
            key = f"{row.code}@{row.valid_from.isoformat()}" if noun.name == "units" else row.code
            if key in wanted:
                found[key] = row.id
    return found


def load(session: Session, noun: Noun, *where: ColumnElement[bool]) -> list[tuple[int, State]]:
    """(row number, state) in order of the codes."""
    table = table_of(noun)
    statement = select(table).where(*where).order_by(table.c.code, table.c.id)
    return states(session, noun, session.execute(statement).mappings().all())


def states(session: Session, noun: Noun, rows: Sequence[Any]) -> list[tuple[int, State]]:
    """Rows (mappings of all columns) as states, with one query per noun that they refer to."""
    keys = {
        field.name: _keys(session, field.refers, {row[field.attribute] for row in rows})
        for field in noun.fields
        if field.refers
    }
    pasts = _pasts(session, [row["id"] for row in rows]) if noun.name == "sites" else {}
    found = []
    for row in rows:
        state: State = {}
        for field in noun.fields:
            if field.refers:
                state[field.name] = keys[field.name].get(row[field.attribute])
            elif field.name == "past":
                state["past"] = pasts.get(row["id"])
            else:
                state[field.name] = _plain(row[field.attribute])
        found.append((row["id"], state))
    return found


def tree(session: Session) -> tuple[dict[str, State], dict[str, State]]:
    """Units and sites by key, with no more of each than where it belongs and since when: what a report asks."""
    units: dict[str, State] = {}
    keys: dict[int | None, str] = {}
    columns = select(
        Unit.id, Unit.code, Unit.name, Unit.valid_from, Unit.valid_to, Unit.parent_id, Unit.successor_id
    ).order_by(Unit.code, Unit.id)
    unit_rows = session.execute(columns).all()
    for number, code, _, since, *_ in unit_rows:
        keys[number] = f"{code}@{since.isoformat()}"
    for number, code, name, since, until, parent, successor in unit_rows:
        units[keys[number]] = {
            "code": code, "name": name, "valid_from": since.isoformat(), "valid_to": _plain(until),
            "parent": keys.get(parent), "successor": keys.get(successor),
        }  # fmt: skip
    pasts = _pasts(session, range(AT_ONCE + 1))
    site_rows = session.execute(
        select(Site.id, Site.code, Site.name, Site.unit_id, Site.valid_to).order_by(Site.code)
    )
    sites = {
        code: {"name": name, "unit": keys.get(unit), "valid_to": _plain(until), "past": pasts.get(number)}
        for number, code, name, unit, until in site_rows
    }
    return units, sites


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _keys(session: Session, noun: str, numbers: set[int | None]) -> dict[int, str]:
    wanted = sorted(number for number in numbers if number is not None)
    table = table_of(NOUNS[noun])
    columns = [table.c.id, table.c.code]
    if noun == "units":
        columns.append(table.c.valid_from)
    found = {}
    for start in range(0, len(wanted), AT_ONCE):
        for row in session.execute(select(*columns).where(table.c.id.in_(wanted[start : start + AT_ONCE]))):
            found[row.id] = f"{row.code}@{row.valid_from.isoformat()}" if noun == "units" else row.code
    return found


def _pasts(session: Session, numbers: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    columns = select(SitePast.site_id, SitePast.until, Unit.code, Unit.valid_from).join(
        Unit, Unit.id == SitePast.unit_id
    )
    # Most sites have none: of many sites it is cheaper to read all pasts than to name the sites.
    if len(numbers) <= AT_ONCE:
        columns = columns.where(SitePast.site_id.in_(numbers))
    for site, until, code, since in session.execute(columns.order_by(SitePast.site_id, SitePast.until)):
        found[site].append({"unit": f"{code}@{since.isoformat()}", "until": until.isoformat()})
    return found


def referrers(session: Session, noun: str, numbers: Mapping[str, int]) -> dict[str, list[tuple[str, str]]]:
    """Key → (noun, key) of the other objects that refer to it. `numbers`: key → row number."""
    found: dict[str, dict[tuple[str, str], None]] = {key: {} for key in numbers}
    wanted = sorted(numbers.values())
    for start in range(0, len(wanted), AT_ONCE):
        chunk = wanted[start : start + AT_ONCE]
        for other in NOUNS.values():
            for field in (one for one in other.fields if one.refers == noun):
                for _, state in load(session, other, table_of(other).c[field.attribute].in_(chunk)):
                    if (noun, state[field.name]) != (other.name, other.key(state)):
                        found[state[field.name]][other.name, other.key(state)] = None
        if noun == "units":
            sites = select(Site.id).join(SitePast, SitePast.site_id == Site.id).where(SitePast.unit_id.in_(chunk))
            for _, state in load(session, NOUNS["sites"], table_of(NOUNS["sites"]).c.id.in_(sites)):
                for past in state["past"] or ():
                    if past["unit"] in found:
                        found[past["unit"]]["sites", state["code"]] = None
    return {key: list(others) for key, others in found.items()}
