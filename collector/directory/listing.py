"""Reading for pages: one object, a page of many, and what a search finds over all nouns."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select
from sqlalchemy.orm import Session

from collector.directory.draft import code_of
from collector.directory.failure import CellError
from collector.directory.folding import tokens
from collector.directory.nouns import NOUNS, Noun, State
from collector.directory.sight import Sight
from collector.directory.states import AT_ONCE, find_rows, load, states, table_of

MAX_PAGE = 200

Number = TypeVar("Number", int, str)


@dataclass(frozen=True, slots=True)
class Question:
    """`where`: reference field → key. `today`: what ended before is left out; None: it is not.

    `after`: the cursor that the page before gave.
    """

    search: str = ""
    limit: int = 50
    after: str = ""
    today: date | None = None
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """An object with its key and, by reference field, the name of what it refers to."""

    key: str
    state: State
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Item]
    total: int
    """Of all pages."""
    next: str | None


def one(session: Session, noun: Noun, key: str, sight: Sight) -> Item | None:
    if not key.isprintable():
        return None
    table = table_of(noun)
    found = load(session, noun, table.c.code == code_of(key), sight.where(noun.name))
    states_ = [state for _, state in found if noun.key(state) == key]
    return items(session, noun, states_)[0] if states_ else None


def page(session: Session, noun: Noun, question: Question, sight: Sight) -> Page:
    """In order of the codes. Raises CellError for a cursor that is none."""
    table = table_of(noun)
    where = [sight.where(noun.name), *_asked(session, noun, table, question)]
    total = session.scalar(select(func.count()).select_from(table).where(*where)) or 0
    statement = select(table).where(*where).order_by(table.c.code, table.c.id).limit(question.limit + 1)
    if question.after:
        code, number = read_cursor(question.after, int)
        statement = statement.where(or_(table.c.code > code, and_(table.c.code == code, table.c.id > number)))
    rows = session.execute(statement).mappings().all()
    shown = rows[: question.limit]
    last = shown[-1] if len(rows) > question.limit else None
    return Page(
        items(session, noun, [state for _, state in states(session, noun, shown)]),
        total,
        None if last is None else cursor(last["code"], last["id"]),
    )


def items(session: Session, noun: Noun, found: Sequence[State]) -> list[Item]:
    names = {
        one.name: _names(session, NOUNS[one.refers], {state[one.name] for state in found})
        for one in noun.fields
        if one.refers
    }
    return [
        Item(
            noun.key(state),
            state,
            {name: known[state[name]] for name, known in names.items() if state[name] in known},
        )
        for state in found
    ]


def found_by(table: Table, search: str) -> list[ColumnElement[bool]]:
    """Every word is somewhere in the folded text."""
    return [or_(*(table.c.search.contains(word, autoescape=True) for word in words)) for words in tokens(search)]


def _asked(session: Session, noun: Noun, table: Table, question: Question) -> list[ColumnElement[bool]]:
    where = found_by(table, question.search)
    if question.today is not None and "valid_to" in table.c:
        where.append(or_(table.c.valid_to.is_(None), table.c.valid_to > question.today))
    for name, key in question.where.items():
        one = noun.field(name)
        number = find_rows(session, NOUNS[one.refers], [key]).get(key)
        where.append(table.c[one.attribute] == number if number is not None else table.c.id < 0)
    return where


def _names(session: Session, noun: Noun, keys: set[str | None]) -> dict[str, str]:
    if "name" not in table_of(noun).c:
        return {}
    table = table_of(noun)
    since = [table.c.valid_from] if noun.name == "units" else []
    codes = sorted({code_of(key) for key in keys if key is not None})
    found = {}
    for start in range(0, len(codes), AT_ONCE):
        statement: Select[Any] = select(table.c.code, table.c.name, *since)
        for row in session.execute(statement.where(table.c.code.in_(codes[start : start + AT_ONCE]))):
            found[f"{row.code}@{row.valid_from.isoformat()}" if since else row.code] = row.name
    return found


def cursor(text: str, number: int | str) -> str:
    """Where a page ends: what it is ordered by, and what tells equals apart."""
    return base64.urlsafe_b64encode(json.dumps([text, number]).encode()).decode().rstrip("=")


def read_cursor(given: str, kind: type[Number]) -> tuple[str, Number]:
    """Raises CellError when it is none of ours."""
    wrong = CellError("Con trỏ trang không đúng.", "The page cursor is not one of ours.")
    try:
        text, number = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise wrong from None
    if not isinstance(text, str) or type(number) is not kind or not f"{text}{number}".isprintable():
        raise wrong
    if isinstance(number, int) and not -(2**63) <= number < 2**63:
        raise wrong
    return text, number
