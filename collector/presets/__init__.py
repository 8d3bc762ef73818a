"""Trees of units to begin with, shipped as CSV (README.md names their source), laid over the directory as a plan."""

from __future__ import annotations

import csv
import io
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from collector.directory import importing, merging
from collector.directory.draft import Draft
from collector.directory.failure import RefusedError, UnknownError
from collector.directory.files.sheet import BadCell, Sheet
from collector.directory.importing import Plan
from collector.directory.nouns import NOUNS
from collector.directory.rules import problems

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    title_vi: str
    title_en: str
    source_vi: str
    source: str


def presets() -> list[Preset]:
    return [
        Preset(name, one["title_vi"], one["title_en"], one["source_vi"], one["source"])
        for name, one in sorted(_documents().items())
    ]


def plan(session: Session, name: str, *, with_sites: bool = True) -> Plan:
    """What loading the preset would change; `importing.carry_out` does it. Raises UnknownError.

    Objects that are there keep what the preset does not speak of. Old units that a merger names and the directory
    does not know are passed over.
    """
    one = _documents().get(name)
    if one is None:
        raise UnknownError("presets", name)
    sheet = Sheet("utf-8")
    for noun in ("units", "sites"):
        if noun in one and (with_sites or noun != "sites"):
            read = importing.read_csv(noun, (_FOLDER / one[noun]).read_bytes())
            sheet.rows += read.rows
            sheet.bad += read.bad
            sheet.headings |= read.headings
    found = importing.plan(session, sheet)
    if "mergers" in one:
        _merge(found, one)
    return found


def _documents() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_FOLDER / "presets.toml").read_text(encoding="utf-8"))


def _merge(found: Plan, one: dict[str, Any]) -> None:
    """Ends the old units; only then can the new ones have codes that were theirs, so the rules are asked again."""
    draft, on = found.draft, date.fromisoformat(one["on"])
    try:
        for new, old in _mergers(draft, one["mergers"], on).items():
            merging.merge(draft, old, new, on)
    except RefusedError as error:
        found.bad = [BadCell(p.noun, 0, p.field or "code", p.key, p.message) for p in error.problems]
        return
    for key in one.get("ends", ()):
        unit = draft.get("units", key)
        if unit is not None and unit["valid_to"] is None:
            draft.put("units", key, {**unit, "valid_to": on.isoformat()})
    found.alterations = list(draft.alterations())
    found.bad = [BadCell(p.noun, 0, p.field or "code", p.key, p.message) for p in problems(draft)]


def _mergers(draft: Draft, file: str, on: date) -> dict[str, list[str]]:
    """New unit → old units that are in the directory and have not ended."""
    found: dict[str, list[str]] = defaultdict(list)
    day = on.isoformat()
    for row in csv.DictReader(io.StringIO((_FOLDER / file).read_text(encoding="utf-8"))):
        new = f"{row['new_code']}@{row['on']}"
        for unit in draft.units_of_code(row["old_code"]):
            if unit["valid_from"] < day and unit["valid_to"] is None:
                found[new].append(NOUNS["units"].key(unit))
    return found
