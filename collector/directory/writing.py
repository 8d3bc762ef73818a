"""Alterations written to the tables, in bulk and in an order in which every reference finds its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from collector.directory.draft import Alteration
from collector.directory.nouns import NOUNS, Field, Noun, State
from collector.directory.places import SsidPool, new_stamp_key
from collector.directory.states import AT_ONCE, find_rows, table_of
from collector.tables import EnrolmentTokenRow, Line, Node, Site, SitePast

# Within one noun, or round in a circle: written once all rows are there.
LATE = (("units", "parent"), ("units", "successor"), ("sites", "technician"))
_DATES = frozenset({"valid_from", "valid_to", "end_of_support"})


def write(session: Session, alterations: Sequence[Alteration]) -> None:
    """Rows as the alterations want them. They must have stood the rules; the caller's session commits."""
    rows = _Rows(session, alterations)
    for noun in NOUNS.values():
        own = [one for one in alterations if one.noun == noun.name]
        _insert(session, rows, noun, [(one.key, one.after) for one in own if one.before is None and one.after])
        _update(session, rows, noun, [one for one in own if one.before and one.after])
    for noun_name, name in LATE:
        field = NOUNS[noun_name].field(name)
        changed = [one for one in alterations if one.noun == noun_name and name in one.fields and _has(one, name)]
        _update_columns(
            session, NOUNS[noun_name],
            [{"id_": rows.of(noun_name, one.key), **_columns(rows, [field], one.after or {field.name: None})}
             for one in changed],
        )  # fmt: skip
    _write_pasts(session, rows, alterations)
    for noun in reversed(NOUNS.values()):
        _delete(session, rows, noun, [one.key for one in alterations if one.noun == noun.name and one.after is None])
    _measure(session, rows, alterations)
    session.expire_all()


class _Rows:
    """Row numbers by key, of everything that is altered or referred to."""

    def __init__(self, session: Session, alterations: Sequence[Alteration]) -> None:
        self._session = session
        self._found: dict[str, dict[str, int]] = {name: {} for name in NOUNS}
        wanted: dict[str, set[str]] = {name: set() for name in NOUNS}
        for one in alterations:
            wanted[one.noun].add(one.key)
            for field in NOUNS[one.noun].fields:
                if field.refers and one.after and one.after[field.name]:
                    wanted[field.refers].add(one.after[field.name])
            wanted["units"].update(past["unit"] for past in (one.after or {}).get("past") or ())
        self._wanted = wanted
        for name in NOUNS:
            self.look(name)

    def look(self, noun: str) -> None:
        self._found[noun] |= find_rows(self._session, NOUNS[noun], self._wanted[noun] - self._found[noun].keys())

    def of(self, noun: str, key: str) -> int:
        return self._found[noun][key]


def _has(one: Alteration, name: str) -> bool:
    return one.after is not None or (one.before or {}).get(name) is not None


def _columns(rows: _Rows, fields: Iterable[Field], state: State) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        value = state[field.name]
        if field.refers:
            value = None if value is None else rows.of(field.refers, value)
        elif field.name in _DATES and value is not None:
            value = date.fromisoformat(value)
        found[field.attribute] = value
    return found


def _early(noun: Noun) -> list[Field]:
    return [field for field in noun.fields if (noun.name, field.name) not in LATE and field.name != "past"]


def _insert(session: Session, rows: _Rows, noun: Noun, new: Sequence[tuple[str, State]]) -> None:
    if not new:
        return
    ssids = SsidPool(session) if noun.name == "lines" else None
    values = []
    for _, state in new:
        row = {**_columns(rows, _early(noun), state), "search": noun.search_text(state)}
        if ssids is not None:
            row |= {"stamp_ssid": ssids.take(), "stamp_key": new_stamp_key()}
        values.append(row)
    session.execute(insert(table_of(noun)), values)
    rows.look(noun.name)


def _update(session: Session, rows: _Rows, noun: Noun, changed: Sequence[Alteration]) -> None:
    values = [
        {
            "id_": rows.of(noun.name, one.key),
            **_columns(rows, _early(noun), one.after or {}),
            "search": noun.search_text(one.after or {}),
        }
        for one in changed
    ]
    _update_columns(session, noun, values)


def _update_columns(session: Session, noun: Noun, values: Sequence[dict[str, Any]]) -> None:
    if values:
        table = table_of(noun)
        columns: dict[str, Any] = {name: bindparam(name) for name in values[0] if name != "id_"}
        session.execute(update(table).where(table.c.id == bindparam("id_")).values(columns), list(values))


def _write_pasts(session: Session, rows: _Rows, alterations: Sequence[Alteration]) -> None:
    changed = [one for one in alterations if one.noun == "sites" and "past" in one.fields]
    values = [
        {
            "site_id": rows.of("sites", one.key),
            "unit_id": rows.of("units", past["unit"]),
            "until": date.fromisoformat(past["until"]),
        }
        for one in changed
        for past in (one.after or {}).get("past") or ()
    ]
    had = [rows.of("sites", one.key) for one in changed if one.before is not None]
    for start in range(0, len(had), AT_ONCE):
        session.execute(delete(SitePast).where(SitePast.site_id.in_(had[start : start + AT_ONCE])))
    if values:
        session.execute(insert(SitePast), values)


def _delete(session: Session, rows: _Rows, noun: Noun, keys: Sequence[str]) -> None:
    numbers = [rows.of(noun.name, key) for key in keys]
    for start in range(0, len(numbers), AT_ONCE):
        chunk = numbers[start : start + AT_ONCE]
        if noun.name == "sites":
            # A token for a site that nobody ever used goes with it.
            session.execute(delete(EnrolmentTokenRow).where(EnrolmentTokenRow.site_id.in_(chunk)))
        session.execute(delete(noun.table).where(table_of(noun).c.id.in_(chunk)))


def _measure(session: Session, rows: _Rows, alterations: Sequence[Alteration]) -> None:
    """A new line, or one that came to another site, is measured by the node that stands there."""
    moved = [one for one in alterations if one.noun == "lines" and one.after and "site" in one.fields]
    if not moved:
        return
    sites = {one.after["site"] for one in moved if one.after}
    nodes = select(Site.code, Node.id).join(Site, Site.id == Node.site_id).where(Node.revoked_at.is_(None))
    first: dict[str, str] = {}
    for site, node in session.execute(nodes.order_by(Node.enrolled_at)):
        if site in sites:
            first.setdefault(site, node)
    for one in moved:
        assert one.after is not None
        measuring = first.get(one.after["site"])
        values: dict[str, Any] = {"measured_by": measuring}
        if one.before is not None:
            # Whoever measured it before must not go on under the same session id.
            values["stamp_key"] = new_stamp_key()
        if measuring is not None or one.before is not None:
            session.execute(update(Line).where(Line.id == rows.of("lines", one.key)).values(values))
