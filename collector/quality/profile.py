"""The limits that a line is held to: a versioned file, each number with its source. Unknown keys are errors."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("line-profile.json")


class ProfileError(ValueError):
    """The file cannot be used: which key, and why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond `weak` a line needs attention, beyond `bad` a meeting on it suffers. Ratios 0..1."""

    loss_weak: float
    loss_bad: float
    jitter_weak_seconds: float
    rtt_weak_seconds: float
    rtt_bad_seconds: float
    mos_weak: float
    mos_bad: float
    worse_after_minutes: int
    better_after_minutes: int
    delay_mean_seconds: float
    speed_ratio: float
    availability: float
    load_ratio: float
    clock_drift_weak_seconds: float
    clock_drift_bad_seconds: float


@dataclass(frozen=True, slots=True)
class Profile:
    """`sources`: limit → where its number is from. `note`: by language, to be shown with the numbers."""

    version: str
    note: dict[str, str]
    limits: Limits
    sources: dict[str, str]


@cache
def shipped() -> Profile:
    return parse(FILE.read_text(encoding="utf-8"))


def parse(text: str) -> Profile:
    """Raises ProfileError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ProfileError("not an object")
    _only(document, ("profile", "version", "note", "limits"), "")
    version, note, limits = document["version"], document["note"], document["limits"]
    if document["profile"] != "line-quality" or not isinstance(version, str) or not version:
        raise ProfileError("is no line-quality profile with a version")
    if not isinstance(note, dict) or not all(isinstance(note.get(one), str) for one in ("vi", "en")):
        raise ProfileError("note: needs vi and en")
    if not isinstance(limits, dict):
        raise ProfileError("limits: not an object")
    kinds = {field.name: field.type for field in fields(Limits)}
    _only(limits, tuple(kinds), "limits.")
    values = {name: _value(name, limits[name], whole=kinds[name] == "int") for name in kinds}
    sources = {name: str(limits[name]["source"]) for name in kinds}
    return Profile(version, {"vi": note["vi"], "en": note["en"]}, Limits(**values), sources)


def _only(held: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in held:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise ProfileError(f"{where}{key}: unknown" + (f"; did you mean {near[0]}?" if near else ""))
    for key in known:
        if key not in held:
            raise ProfileError(f"{where}{key}: missing")


def _value(name: str, entry: Any, *, whole: bool) -> Any:
    if not isinstance(entry, dict) or set(entry) != {"value", "unit", "source"}:
        raise ProfileError(f"limits.{name}: needs value, unit and source, and nothing else")
    value = entry["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise ProfileError(f"limits.{name}.value: not a number above 0")
    if whole and (value != int(value) or value > 60):
        raise ProfileError(f"limits.{name}.value: not a whole number of minutes up to 60")
    if not isinstance(entry["source"], str) or not entry["source"]:
        raise ProfileError(f"limits.{name}.source: missing")
    return int(value) if whole else float(value)
