"""Mergers: units end, another one takes their place, and their sites move there with their past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from collector.directory import editing, entry
from collector.directory.draft import Draft
from collector.directory.failure import Message, Problem, RefusedError
from collector.directory.nouns import NOUNS, State

UNITS = NOUNS["units"]


def merge(draft: Draft, old: Sequence[str], into: str | Mapping[str, str], on: date) -> str:
    """Units `old` become one on that day; returns its key. Raises UnknownError, RefusedError.

    `into`: the key of a unit that is there, or the fields of a new one (it begins on that day). A unit that takes the
    others in may be among `old`: it goes on. What lies below an old unit goes on below the new one, as a unit of its
    own time: the tree of the past stays as it was.
    """
    new = into if isinstance(into, str) else _new_unit(draft, into, on)
    target = editing.existing(draft, "units", new)
    if target["valid_to"] is not None and target["valid_to"] <= on.isoformat():
        raise _refused(new, "Đơn vị mới đã kết thúc trước ngày này.", "The new unit ended before that day.")
    if target["valid_from"] > on.isoformat():
        raise _refused(new, "Đơn vị mới bắt đầu sau ngày này.", "The new unit begins after that day.")
    ending = [key for key in dict.fromkeys(old) if key != new]
    if not ending:
        raise _refused(new, "Cần ít nhất một đơn vị cũ.", "Name at least one old unit.")
    for key in ending:
        _end(draft, key, new, on)
    return new


def _new_unit(draft: Draft, fields: Mapping[str, str], on: date) -> str:
    given = {**fields, "valid_from": on.isoformat()}
    state, wrong = entry.parse_fields(UNITS, given, entry.new_state(UNITS))
    state, unresolved = entry.resolve_references(UNITS, given, state, draft)
    wrong += unresolved + entry.required_problems(UNITS, state)
    if wrong:
        raise RefusedError(entry.as_problems(UNITS, given.get("code", ""), wrong))
    key = UNITS.key(state)
    found = draft.get("units", key)
    if found is not None and found != state:
        raise _refused(
            key, f"Đã có {found['name']} với mã này từ ngày ấy.", f"{found['name']} has that code since then."
        )
    draft.put("units", key, state)
    return key


def _end(draft: Draft, key: str, new: str, on: date) -> None:
    day = on.isoformat()
    unit = editing.existing(draft, "units", key)
    if unit["valid_from"] >= day:
        raise _refused(key, "Đơn vị này bắt đầu từ ngày đó hoặc muộn hơn.", "It begins on that day or later.")
    if unit["valid_to"] is not None and unit["valid_to"] != day:
        raise _refused(key, f"Đơn vị này đã kết thúc {unit['valid_to']}.", f"It ended on {unit['valid_to']}.")
    draft.put("units", key, {**unit, "valid_to": day, "successor": new})
    for below, child in draft.every("units").items():
        if child["parent"] == key and child["valid_to"] is None and child["valid_from"] < day:
            _go_on(draft, below, child, new, on)
    for code, site in draft.every("sites").items():
        if site["unit"] == key and (site["valid_to"] is None or site["valid_to"] > day):
            editing.move_site(draft, code, new, on)
    for code, person in draft.every("people").items():
        if person["unit"] == key and person["valid_to"] is None:
            draft.put("people", code, {**person, "unit": new})


def _go_on(draft: Draft, key: str, child: State, parent: str, on: date) -> None:
    version = {**child, "valid_from": on.isoformat(), "parent": parent}
    draft.put("units", UNITS.key(version), version)
    _end(draft, key, UNITS.key(version), on)


def _refused(key: str, vi: str, en: str) -> RefusedError:
    return RefusedError([Problem("units", key, "", Message(vi, en))])
