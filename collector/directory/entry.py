"""From what people wrote to a state: every field parsed, every reference found. Pure over a draft."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from collector.directory.draft import Draft
from collector.directory.failure import CellError, Message, Problem
from collector.directory.folding import compact, fold
from collector.directory.kinds import clean, parse_date
from collector.directory.nouns import Field, Noun, State

CODE_DIGITS = {"xa": 5, "phuong": 5, "thi-tran": 5, "dac-khu": 5, "huyen": 3, "quan": 3, "thi-xa": 3, "tinh": 2}
"""How many digits the General Statistics Office's codes have, by the kind of unit."""
MAX_CODE_DIGITS = 10


def parse_fields(
    noun: Noun, texts: Mapping[str, str], state: Mapping[str, object]
) -> tuple[State, list[tuple[str, Message]]]:
    """`state` with the fields of `texts` in place of its own, except references. Blank text empties a field.

    Also the fields that cannot be what was written, and why.
    """
    found: State = dict(state)
    problems: list[tuple[str, Message]] = []
    for field in noun.fields:
        if field.refers or field.name not in texts:
            continue
        given = clean(texts[field.name])
        if not given:
            found[field.name] = field.empty
            continue
        try:
            found[field.name] = field.kind.parse(given)
        except CellError as error:
            problems.append((field.name, error.message))
    if noun.name == "units" and "code" in texts:
        problems += [("code", reason) for reason in _lost_zeros(found)]
    return found, problems


def new_state(noun: Noun) -> State:
    return {field.name: field.empty for field in noun.fields}


def with_code(noun: Noun, texts: Mapping[str, str]) -> dict[str, str]:
    """Nobody has to invent a code for a person, a device or a telephone: their names and numbers give one."""
    found = dict(texts)
    if noun.derives_codes and not clean(found.get("code", "")):
        if noun.name == "telephones":
            # Keys stand in addresses, in logs and in the audit log: the number itself must not.
            digits = compact(found.get("number", ""))
            code = f"t-{hashlib.sha256(digits.encode()).hexdigest()[:10]}" if digits else ""
        else:
            code = re.sub(r"[^a-z0-9]+", "-", fold(found.get("name", ""))).strip("-")
        found["code"] = code[:64]
    return found


def required_problems(noun: Noun, state: Mapping[str, object]) -> list[tuple[str, Message]]:
    return [
        (field.name, Message(f"Thiếu «{field.vi}».", f"{field.en!r} is missing."))
        for field in noun.fields
        if field.required and state.get(field.name) in ("", None)
    ]


def resolve_references(
    noun: Noun, texts: Mapping[str, str], state: Mapping[str, object], draft: Draft
) -> tuple[State, list[tuple[str, Message]]]:
    """The references of `texts` as keys of objects that are there, or would be."""
    found: State = dict(state)
    problems: list[tuple[str, Message]] = []
    for field in noun.fields:
        try:
            if field.refers and field.name in texts:
                given = clean(texts[field.name])
                found[field.name] = resolve(draft, field, given) if given else None
            elif field.name == "past" and texts.get("past"):
                pasts = found["past"] or []
                found["past"] = [{**past, "unit": _resolve_unit(draft, past["unit"])} for past in pasts] or None
        except CellError as error:
            problems.append((field.name, error.message))
    return found, problems


def resolve(draft: Draft, field: Field, given: str) -> str:
    """The key of what is meant. Raises CellError."""
    if field.refers == "units":
        return _resolve_unit(draft, given)
    if draft.get(field.refers, given) is not None:
        return given
    for longer in _with_zeros(given):
        if draft.get(field.refers, longer) is not None:
            raise _zeros_error(given, longer)
    raise CellError(f"Không có {field.vi.lower()} {given!r}.", f"There is no {field.en.lower()} {given!r}.")


def _resolve_unit(draft: Draft, given: str) -> str:
    code, _, since = given.partition("@")
    if since:
        key = f"{code}@{parse_date(since).isoformat()}"
        if draft.get("units", key) is None:
            raise CellError(f"Không có đơn vị {given!r}.", f"There is no unit {given!r}.")
        return key
    if units := draft.units_of_code(code):
        # A code alone means who has it now, or had it last.
        meant = next((unit for unit in units if unit["valid_to"] is None), units[-1])
        return f"{meant['code']}@{meant['valid_from']}"
    for longer in _with_zeros(code):
        if draft.units_of_code(longer):
            raise _zeros_error(code, longer)
    raise CellError(f"Không có đơn vị {given!r}.", f"There is no unit {given!r}.")


def _lost_zeros(unit: Mapping[str, object]) -> list[Message]:
    code, digits = str(unit["code"]), CODE_DIGITS.get(str(unit["kind"]), 0)
    if code.isascii() and code.isdigit() and len(code) < digits:
        return [_zeros_error(code, code.zfill(digits)).message]
    return []


def _with_zeros(code: str) -> list[str]:
    if not (code.isascii() and code.isdigit()):
        return []
    return [code.zfill(digits) for digits in range(len(code) + 1, MAX_CODE_DIGITS + 1)]


def _zeros_error(given: str, longer: str) -> CellError:
    return CellError(
        f"{given}: mất số 0 ở đầu? Mã đúng là {longer}; hãy định dạng cột là Văn bản.",
        f"{given}: leading zeros lost? The code is {longer}; format the column as text.",
    )


def as_problems(noun: Noun, key: str, found: list[tuple[str, Message]]) -> list[Problem]:
    """The first reason for each field: what could not be read is not missing as well."""
    return [Problem(noun.name, key, field, message) for field, message in dict(reversed(found)).items()][::-1]
