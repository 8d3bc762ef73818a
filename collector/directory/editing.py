"""What people do to single objects: add, change, remove, close, move; and how a draft becomes history.

Functions fill the draft; `commit` asks the rules, writes and records. The caller's session commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date

from collector.directory import entry
from collector.directory.changes import Change, record
from collector.directory.draft import Draft
from collector.directory.failure import Message, Problem, RefusedError, UnknownError
from collector.directory.nouns import NOUNS, State
from collector.directory.places import FIRST_LINE_NAME, first_line_code
from collector.directory.rules import problems
from collector.directory.writing import write


def create(draft: Draft, noun: str, texts: Mapping[str, str]) -> str:
    """The key of the new object. A new site gets its first line. Raises RefusedError."""
    kind = NOUNS[noun]
    given = entry.with_code(kind, texts)
    state, wrong = entry.parse_fields(kind, given, entry.new_state(kind))
    state, unresolved = entry.resolve_references(kind, given, state, draft)
    wrong += unresolved + entry.required_problems(kind, state)
    if wrong:
        raise RefusedError(entry.as_problems(kind, given.get("code", ""), wrong))
    key = kind.key(state)
    if draft.get(noun, key) is not None:
        raise RefusedError([Problem(noun, key, "code", Message(f"Đã có {kind.vi} {key}.", f"{key} exists already."))])
    draft.put(noun, key, state)
    if noun == "sites":
        add_first_line(draft, key)
    return key


def add_first_line(draft: Draft, site: str, provider: str = "") -> None:
    """As long as no line has its code."""
    code = first_line_code(site)
    if draft.get("lines", code) is None:
        line = {**entry.new_state(NOUNS["lines"]), "code": code, "site": site, "name": FIRST_LINE_NAME}
        draft.put("lines", code, {**line, "provider": provider})


def update(draft: Draft, noun: str, key: str, texts: Mapping[str, str]) -> None:
    """Only the fields of `texts` change; blank empties one. Raises UnknownError, RefusedError."""
    kind = NOUNS[noun]
    before = existing(draft, noun, key)
    state, wrong = entry.parse_fields(kind, texts, before)
    state, unresolved = entry.resolve_references(kind, texts, state, draft)
    wrong += unresolved
    wrong += [
        (field.name, Message(f"«{field.vi}» không đổi được.", f"{field.en!r} cannot be changed."))
        for field in kind.fields
        if field.fixed and state[field.name] != before[field.name]
    ]
    if wrong:
        raise RefusedError(entry.as_problems(kind, key, wrong))
    draft.put(noun, key, state)


def remove(draft: Draft, noun: str, key: str) -> None:
    """A site goes with its lines. Raises UnknownError; the rules refuse what something refers to."""
    existing(draft, noun, key)
    if noun == "sites":
        for line, state in draft.every("lines").items():
            if state["site"] == key:
                draft.put("lines", line, None)
    draft.put(noun, key, None)


def close(draft: Draft, noun: str, key: str, on: date) -> None:
    """From that day it is no more; its past stays. Raises UnknownError, RefusedError."""
    before = existing(draft, noun, key)
    if "valid_to" not in before:
        message = Message("Loại này chỉ xóa, không đóng.", "This kind is removed, not closed.")
        raise RefusedError([Problem(noun, key, "", message)])
    draft.put(noun, key, {**before, "valid_to": on.isoformat()})


def move_site(draft: Draft, key: str, unit: str, on: date) -> None:
    """To another unit from that day; the unit until then is kept as its past. Raises UnknownError, RefusedError."""
    before = existing(draft, "sites", key)
    existing(draft, "units", unit)
    pasts = before["past"] or []
    if before["unit"] is not None and before["unit"] != unit:
        pasts = [*pasts, {"unit": before["unit"], "until": on.isoformat()}]
    draft.put("sites", key, {**before, "unit": unit, "past": pasts or None})


def existing(draft: Draft, noun: str, key: str) -> State:
    """Raises UnknownError."""
    found = draft.get(noun, key)
    if found is None:
        raise UnknownError(noun, key)
    return found


def commit(
    draft: Draft,
    *,
    actor: str,
    now: float,
    batch: str | None = None,
    undoes: Mapping[tuple[str, str], int] | None = None,
) -> list[Change]:
    """Write the draft and record it; nothing when nothing differs. Raises RefusedError when it breaks a rule.

    `undoes`: (noun, key) → the change that is taken back.
    """
    found = problems(draft)
    if found:
        raise RefusedError(found)
    alterations = list(draft.alterations())
    write(draft.session, alterations)
    targets: Sequence[int | None] = [(undoes or {}).get((one.noun, one.key)) for one in alterations]
    return record(draft.session, alterations, actor=actor, now=now, batch=batch or new_batch(), undoes=targets)


def new_batch() -> str:
    return secrets.token_hex(8)
