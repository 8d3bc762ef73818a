"""The rota as a calendar (RFC 5545): written for any calendar, read back as substitutes. Pure; knows no file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from icalendar import Calendar, Event

from exporters.oncall.rota import duty
from exporters.oncall.rota.duty import LEADER, WHOLE, ZONE, Rotation, Substitute

MAX_BYTES = 256 * 1024
MAX_EVENTS = 1000
AHEAD_SECONDS = 370 * 86400.0
PERSON, UNIT, LAYER = "X-THONGSUOT-PERSON", "X-THONGSUOT-UNIT", "X-THONGSUOT-LAYER"


class CalendarError(Exception):
    """The file as a whole cannot be read: its sender's fault."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`where`: the event's title. What is wrong with it, in both languages."""

    where: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Entry:
    """The file says: this person, then, for that unit and layer. Unix seconds."""

    where: str
    unit: str
    layer: int
    person: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be kept so that the rota is as the file says; nothing of it when there are problems."""

    events: int
    substitutes: tuple[Substitute, ...]
    problems: tuple[Problem, ...]


def write(
    rotations: Iterable[Rotation],
    substitutes: Sequence[Substitute],
    names: Mapping[str, str],
    units: Mapping[str, str],
    begins: float,
    ends: float,
    now: float,
) -> bytes:
    """One event for each stretch of duty between two instants (Unix seconds)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Thong Suot//Rota//VI")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Trực kỹ thuật – Thông Suốt")
    for rotation in rotations:
        for one in duty.stretches(rotation, substitutes, begins, ends):
            event = Event()
            place = f" ({units.get(rotation.unit, rotation.unit)})" if rotation.unit else ""
            event.add("uid", f"{rotation.id}-{int(one.begins)}@thongsuot")
            event.add("dtstamp", _moment(now))
            event.add("dtstart", _moment(one.begins))
            event.add("dtend", _moment(one.ends))
            event.add("summary", f"{_layer(rotation.layer)}{place}: {names.get(one.person, one.person)}")
            if one.instead_of:
                event.add("description", f"Trực thay {names.get(one.instead_of, one.instead_of)}")
            event.add(PERSON, one.person)
            event.add(UNIT, rotation.unit)
            event.add(LAYER, str(rotation.layer))
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def read(data: bytes, names: Mapping[str, str]) -> tuple[list[Entry], list[Problem]]:
    """`names` of people by code. Raises CalendarError."""
    if len(data) > MAX_BYTES:
        raise CalendarError("too long")
    try:
        text = data.decode("utf-8-sig")
        calendar = Calendar.from_ical(text)
        events = [one for one in calendar.walk("VEVENT") if isinstance(one, Event)]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        # What the library raises for text that is no calendar, by its version.
        raise CalendarError(type(error).__name__) from None
    if len(events) > MAX_EVENTS:
        raise CalendarError("too many events")
    entries, problems = list[Entry](), list[Problem]()
    for event in events:
        found = _entry(event, names)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            problems.append(found)
    return entries, problems


def plan(data: bytes, rotations: Sequence[Rotation], kept: Sequence[Substitute], names: Mapping[str, str],
         now: float) -> Plan:  # fmt: skip
    """What is over is left as it was. Raises CalendarError."""
    entries, problems = read(data, names)
    planned: list[Substitute] = []
    newest = max((one.id for one in kept), default=0)
    ours: list[tuple[Entry, Rotation]] = []
    for entry in entries:
        found = [one for one in rotations if (one.unit, one.layer) == (entry.unit, entry.layer)]
        if len(found) != 1:
            problems.append(_no_rotation(entry) if not found else _two_rotations(entry))
        elif entry.ends > now + AHEAD_SECONDS:
            problems.append(Problem(entry.where, "Quá xa: chỉ nhập trước một năm.", "Too far: a year ahead at most."))
        elif entry.ends > now:
            ours.append((entry, found[0]))
    for entry, rotation in ours:
        for one in duty.stretches(rotation, kept, max(entry.begins, now), entry.ends):
            own = one.instead_of or one.person
            if one.person == entry.person:
                continue
            if own == entry.person:
                problems.append(Problem(
                    entry.where,
                    f"Đang có người trực thay {names.get(own, own)}: bỏ lần trực thay ấy trước.",
                    f"Somebody stands in for {names.get(own, own)}: withdraw that first.",
                ))  # fmt: skip
                continue
            newest += 1
            planned.append(Substitute(newest, own, entry.person, one.begins, one.ends, "iCalendar"))
    for entry, rotation in ours:
        # A substitute has all duties of a person: two events can contradict each other.
        after = duty.stretches(rotation, (*kept, *planned), max(entry.begins, now), entry.ends)
        if not problems and any(one.person != entry.person for one in after):
            problems.append(Problem(
                entry.where, "Trái với một sự kiện khác trong tệp.", "Another event of the file says otherwise.",
            ))  # fmt: skip
    return Plan(len(entries), tuple(planned), tuple(problems))


def _entry(event: Event, names: Mapping[str, str]) -> Entry | Problem:
    title = str(event.get("SUMMARY", ""))[:200]
    if "RRULE" in event or "RDATE" in event:
        return Problem(
            title, "Sự kiện lặp lại không đọc được: ghi từng ca.", "Repeated events are not read: write each."
        )
    begins, ends = _instant(event, "DTSTART"), _instant(event, "DTEND")
    if begins is None or ends is None or not begins < ends:
        return Problem(title, "Thiếu hoặc sai giờ bắt đầu, kết thúc.", "Its beginning or end is missing or wrong.")
    person = _person(title, str(event.get(PERSON, "")), names)
    if person is None:
        return Problem(title, "Không biết ai trực: ghi “Lượt 1: Họ tên”.", "Who is it? Write “Lượt 1: full name”.")
    layer = str(event.get(LAYER, "1"))
    if not (layer.isascii() and layer.isdigit() and 1 <= int(layer[:3]) <= LEADER):
        return Problem(title, "Sai lượt trực.", "A wrong layer.")
    return Entry(title, str(event.get(UNIT, WHOLE)), int(layer[:3]), person, begins, ends)


def _person(title: str, code: str, names: Mapping[str, str]) -> str | None:
    """The name in the title counts, since people change that; the code when it is no name of ours."""
    wanted = _plain(title.rpartition(":")[2])
    found = [one for one, name in names.items() if _plain(name) == wanted]
    if code in names and (not found or code in found):
        # Two people may bear one name.
        return code if found or not wanted else None
    return found[0] if len(found) == 1 else None


def _instant(event: Event, name: str) -> float | None:
    """Unix seconds; a day and a time without a zone are Vietnam's. None: there is none that can be read."""
    try:
        said = event.decoded(name)
        if isinstance(said, datetime):
            return (said if said.tzinfo else said.replace(tzinfo=ZONE)).timestamp()
        if isinstance(said, date):
            return datetime(said.year, said.month, said.day, tzinfo=ZONE).timestamp()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
    return None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _layer(layer: int) -> str:
    return "Lãnh đạo trực" if layer == LEADER else f"Trực lượt {layer}"


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _no_rotation(entry: Entry) -> Problem:
    return Problem(
        entry.where, "Lịch trực không có vòng này: lập trước.", "The rota has no such rotation: make it first."
    )


def _two_rotations(entry: Entry) -> Problem:
    return Problem(
        entry.where,
        "Có hai vòng trực cùng đơn vị, cùng lượt: không biết vòng nào.",
        "Two rotations have this unit and layer: it is not known which.",
    )
