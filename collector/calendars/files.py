"""Calendars of offices as TOML: the shipped ones, and those that a hub adds beside them. Unknown keys are errors."""

from __future__ import annotations

import difflib
import itertools
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from collector.calendars.calendar import Holiday, Hours, OfficeCalendar, Season

FOLDER = Path(__file__).parent
USUAL = "vn-offices"
"""What a site follows that names no other."""

_NAME = re.compile(r"[a-z0-9-]{1,64}")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)")
_KEYS = ("calendar", "version", "years", "weekdays", "note", "seasons", "holidays", "worked")
_LEAP_YEAR = 2024


class CalendarError(ValueError):
    """The file cannot be used: which key, and why."""


@cache
def shipped() -> Mapping[str, OfficeCalendar]:
    return read(FOLDER)


def read(folder: Path) -> Mapping[str, OfficeCalendar]:
    """All `*.toml` of a folder by their names. Raises CalendarError, OSError."""
    found: dict[str, OfficeCalendar] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            calendar = parse(path.read_text(encoding="utf-8"))
        except (CalendarError, UnicodeDecodeError) as error:
            raise CalendarError(f"{path.name}: {error}") from None
        if calendar.name != path.stem:
            raise CalendarError(f"{path.name}: calendar: is {calendar.name!r}, not the file's name")
        found[calendar.name] = calendar
    return found


def calendar_of(name: str, calendars: Mapping[str, OfficeCalendar]) -> OfficeCalendar:
    """The calendar that a site names; the usual one for none and for a name that nobody knows."""
    return calendars.get(name) or calendars[USUAL]


def parse(text: str) -> OfficeCalendar:
    """Raises CalendarError."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise CalendarError(f"not TOML: {error}") from None
    _only(document, _KEYS, "")
    name, version = document["calendar"], document["version"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CalendarError("calendar: not a name of small letters, digits and hyphens")
    if not isinstance(version, str) or not version:
        raise CalendarError("version: missing")
    note = document["note"]
    if (
        not isinstance(note, dict)
        or set(note) != {"vi", "en"}
        or not all(isinstance(one, str) for one in note.values())
    ):
        raise CalendarError("note: needs vi and en, and nothing else")
    calendar = OfficeCalendar(
        name=name,
        version=version,
        note=note,
        years=_years(document["years"]),
        weekdays=_weekdays(document["weekdays"]),
        seasons=tuple(_season(one, f"seasons[{at}].") for at, one in _list(document, "seasons")),
        holidays=_holidays(_list(document, "holidays")),
        worked=_worked(_list(document, "worked")),
    )
    _whole_year(calendar.seasons)
    for day, instead in calendar.worked.items():
        if instead not in calendar.holidays:
            raise CalendarError(f"worked: {day} is worked instead of {instead}, which is no holiday")
    return calendar


def _years(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2 or not all(type(one) is int for one in value):
        raise CalendarError("years: not the first and the last year")
    first, last = value
    if not 2000 <= first <= last <= 2200:
        raise CalendarError("years: not the first and the last year")
    return first, last


def _weekdays(value: Any) -> frozenset[int]:
    if not isinstance(value, list) or not all(type(one) is int and 1 <= one <= 7 for one in value):
        raise CalendarError("weekdays: not numbers from 1 (Monday) to 7")
    return frozenset(value)


def _season(entry: Any, where: str) -> Season:
    _only(entry, ("first", "last", "hours", "source"), where)
    hours = entry["hours"]
    if not isinstance(hours, list):
        raise CalendarError(f"{where}hours: not a list")
    spans = tuple(_hours(one, where) for one in hours)
    if any(later.begin_minute < one.end_minute for one, later in itertools.pairwise(spans)):
        raise CalendarError(f"{where}hours: not one after the other")
    return Season(
        _month_day(entry["first"], f"{where}first"),
        _month_day(entry["last"], f"{where}last"),
        spans,
        _text(entry, "source", where),
    )


def _hours(value: Any, where: str) -> Hours:
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CalendarError(f"{where}hours: {value!r} is not of the form 07:30-12:00")
    begin_hour, begin, end_hour, end = (int(part) for part in found.groups())
    span = Hours(60 * begin_hour + begin, 60 * end_hour + end)
    if not span.begin_minute < span.end_minute <= 1440:
        raise CalendarError(f"{where}hours: {value!r} does not end after it begins, within the day")
    return span


def _month_day(value: Any, where: str) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        if found is None:
            raise ValueError
        day = date(_LEAP_YEAR, int(found[1]), int(found[2]))
    except ValueError:
        raise CalendarError(f"{where}: {value!r} is not of the form 04-16") from None
    return day.month, day.day


def _whole_year(seasons: Sequence[Season]) -> None:
    for ahead in range(366):
        day = date(_LEAP_YEAR, 1, 1) + timedelta(days=ahead)
        if sum(season.holds(day) for season in seasons) != 1:
            raise CalendarError(f"seasons: {day:%m-%d} is not in exactly one")


def _holidays(entries: Sequence[tuple[int, Any]]) -> Mapping[date, Holiday]:
    found: dict[date, Holiday] = {}
    for at, entry in entries:
        where = f"holidays[{at}]."
        _only(entry, ("vi", "en", "days", "announced", "source"), where)
        if not isinstance(entry["announced"], bool):
            raise CalendarError(f"{where}announced: not true or false")
        if not isinstance(entry["days"], list) or not entry["days"]:
            raise CalendarError(f"{where}days: not a list of days")
        texts = (_text(entry, "vi", where), _text(entry, "en", where))
        holiday = Holiday(*texts, entry["announced"], _text(entry, "source", where))
        for value in entry["days"]:
            day = _day(value, f"{where}days")
            if day in found:
                raise CalendarError(f"{where}days: {day} is there twice")
            found[day] = holiday
    return found


def _worked(entries: Sequence[tuple[int, Any]]) -> Mapping[date, date]:
    found: dict[date, date] = {}
    for at, entry in entries:
        where = f"worked[{at}]."
        _only(entry, ("day", "instead_of", "source"), where)
        _text(entry, "source", where)
        found[_day(entry["day"], f"{where}day")] = _day(entry["instead_of"], f"{where}instead_of")
    return found


def _day(value: Any, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise CalendarError(f"{where}: {value!r} is not a day")
    return value


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value:
        raise CalendarError(f"{where}{key}: missing")
    return value


def _list(document: Mapping[str, Any], key: str) -> Sequence[tuple[int, Any]]:
    value = document[key]
    if not isinstance(value, list):
        raise CalendarError(f"{key}: not a list")
    return list(enumerate(value))


def _only(held: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(held, dict):
        raise CalendarError(f"{where or 'the file'}: not a table")
    for key in held:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise CalendarError(f"{where}{key}: unknown" + (f"; did you mean {near[0]}?" if near else ""))
    for key in known:
        if key not in held:
            raise CalendarError(f"{where}{key}: missing")
