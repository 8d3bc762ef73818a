"""Columns of a file and the fields they mean: by the field's name or its title in either language. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from collector.directory.failure import Message
from collector.directory.files.sheet import BadCell
from collector.directory.folding import fold
from collector.directory.nouns import Noun


def fields_of(noun: Noun, columns: Sequence[str], line: int) -> tuple[dict[int, str], list[BadCell]]:
    """Position → field; columns without a title are left out. Also what is wrong with the titles."""
    known = {fold(title): field.name for field in noun.fields for title in (field.name, field.vi, field.en)}
    found: dict[int, str] = {}
    bad: list[BadCell] = []
    for position, column in enumerate(columns):
        title = fold(column)
        if not title:
            continue
        name = known.get(title)
        if name is None:
            bad.append(BadCell(noun.name, line, column, column, _unknown(noun, title, list(known))))
        elif name in found.values():
            message = Message(f"Cột «{column}» có hai lần.", f"The column {column!r} is there twice.")
            bad.append(BadCell(noun.name, line, column, column, message))
        else:
            found[position] = name
    needed = [] if noun.derives_codes else [field for field in noun.fields if field.fixed]
    for field in (field for field in needed if field.name not in found.values()):
        message = Message(f"Thiếu cột «{field.name}» ({field.vi}).", f"The column {field.name!r} is missing.")
        bad.append(BadCell(noun.name, line, field.name, "", message))
    return found, bad


def _unknown(noun: Noun, title: str, known: Sequence[str]) -> Message:
    near = difflib.get_close_matches(title, known, 1)
    hint = (f" Có phải «{near[0]}»?", f" Is {near[0]!r} meant?") if near else ("", "")
    names = ", ".join(field.name for field in noun.fields)
    return Message(
        f"Cột này không có trong {noun.vi}.{hint[0]} Các cột: {names}.",
        f"No such column of a {noun.en}.{hint[1]} Columns: {names}.",
    )
