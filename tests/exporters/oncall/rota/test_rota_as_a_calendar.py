"""The rota as iCalendar: what is written reads back as nothing to do; what was changed reads back as substitutes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.oncall.rota import duty, ical
from exporters.oncall.rota.duty import Rotation, Substitute

MONDAY = 1_789_923_600.0  # 21/9/2026, 00:00 in Vietnam
WEEK = 7 * 86400.0
NAMES = {"an": "Nguyễn Văn An", "binh": "Trần Thị Bình", "chi": "Lê Chi"}
ROTATION = Rotation(1, "", 1, "week", ("an", "binh"), date(2026, 9, 21))
LEADERS = Rotation(2, "08650", 9, "day", ("chi",), date(2026, 9, 21), 420)


def written(*substitutes: Substitute) -> bytes:
    return ical.write(
        [ROTATION, LEADERS], substitutes, NAMES, {"08650": "Xã Kim Xá"}, MONDAY, MONDAY + 4 * WEEK, MONDAY
    )


def planned(data: bytes, *kept: Substitute) -> ical.Plan:
    return ical.plan(data, [ROTATION, LEADERS], kept, NAMES, MONDAY)


def event(*lines: str, start: str = "20260921", end: str = "20260923") -> bytes:
    body = "\r\n".join((f"DTSTART;VALUE=DATE:{start}", f"DTEND;VALUE=DATE:{end}", *lines))
    head, foot = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1", "END:VEVENT\r\nEND:VCALENDAR\r\n"
    return f"{head}\r\n{body}\r\n{foot}".encode()


def test_what_was_written_changes_nothing() -> None:
    assert planned(written()) == ical.Plan(5, (), ())
    swap = Substitute(3, "an", "chi", MONDAY, MONDAY + 86400)
    assert planned(written(swap), swap) == ical.Plan(6, (), ())
    assert "Trực lượt 1: Nguyễn Văn An" in written().decode().replace("\r\n ", "")


def test_another_name_in_a_title_is_a_substitute() -> None:
    changed = written().decode().replace("\r\n ", "").replace("Trực lượt 1: Nguyễn Văn An", "Trực lượt 1: Lê  CHI")
    found = planned(changed.encode())
    assert not found.problems
    assert [(one.person, one.stands_in, one.begins) for one in found.substitutes] == [
        ("an", "chi", MONDAY), ("an", "chi", MONDAY + 2 * WEEK),
    ]  # fmt: skip
    after = duty.stretches(ROTATION, found.substitutes, MONDAY, MONDAY + 4 * WEEK)
    assert [one.person for one in after] == ["chi", "binh", "chi", "binh"]


def test_an_event_of_any_calendar_is_enough() -> None:
    (found,) = planned(event("SUMMARY:Lượt 1: Trần Thị Bình")).substitutes
    assert (found.person, found.stands_in) == ("an", "binh")
    assert (found.begins, found.ends) == (MONDAY, MONDAY + 2 * 86400)


def test_what_is_over_stays() -> None:
    assert planned(event("SUMMARY:Lê Chi", start="20260901", end="20260921")) == ical.Plan(1, (), ())


@pytest.mark.parametrize(
    "data",
    [
        event("SUMMARY:Ai đó"),
        event("SUMMARY:Lê Chi", "RRULE:FREQ=DAILY"),
        event("SUMMARY:Lê Chi", end="20260921"),
        event("SUMMARY:Lê Chi", start="x"),
        event("SUMMARY:Lê Chi", "X-THONGSUOT-LAYER:2"),
        event("SUMMARY:Lê Chi", "X-THONGSUOT-LAYER:²"),
        event("SUMMARY:Lê Chi", end="20991231"),
    ],
)
def test_what_cannot_be_done_is_said(data: bytes) -> None:
    found = planned(data)
    assert len(found.problems) == 1
    assert found.substitutes == ()


def test_two_events_that_contradict_each_other_are_said() -> None:
    first, second = event("SUMMARY:Lê Chi"), event("SUMMARY:Trần Thị Bình")
    both = first.replace(b"END:VCALENDAR\r\n", b"") + second.partition(b"VERSION:2.0\r\n")[2]
    assert planned(both).problems


def test_to_undo_a_substitute_it_is_withdrawn() -> None:
    kept = Substitute(3, "an", "chi", MONDAY, MONDAY + WEEK)
    assert planned(written(), kept).problems


_LINES = st.sampled_from([
    "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE",
    "DTSTART:20260921T000000Z", "DTSTART;TZID=Nowhere/Land:20260921T000000", "DTEND;VALUE=DATE:20260923", "DTEND:P1D",
    "DTSTART:00010101T000000", "DTEND:99991231T235959", "SUMMARY:Lê Chi", "SUMMARY:", "X-THONGSUOT-LAYER:99999999999",
    "RRULE:FREQ=X", "DURATION:PT1H", " folded", "DTSTART;VALUE=PERIOD:20260921T000000Z/PT1H", "UID", ":", ";=:",
])  # fmt: skip


@given(st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(_LINES, st.text(max_size=20)), max_size=12).map(lambda found: "\r\n".join(found).encode()),
    st.lists(_LINES, max_size=8).map(lambda found: event(*found)),
))  # fmt: skip
def test_rubbish_is_a_plan_or_the_senders_error(data: bytes) -> None:
    try:
        found = planned(data)
    except ical.CalendarError:
        return
    assert found.events <= ical.MAX_EVENTS
