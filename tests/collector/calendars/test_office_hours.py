from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.calendars.calendar import OfficeCalendar
from collector.calendars.files import FOLDER, USUAL, CalendarError, calendar_of, parse, shipped
from collector.directory.days import HANOI, day_of

TEXT = (FOLDER / "vn-offices.toml").read_text(encoding="utf-8")


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> float:
    return datetime(year, month, day, hour, minute, tzinfo=HANOI).timestamp()


@pytest.fixture
def usual() -> OfficeCalendar:
    return shipped()[USUAL]


@pytest.mark.parametrize(
    ("now", "works"),
    [
        (at(2026, 10, 15, 7, 0), True),
        (at(2026, 10, 16, 7, 0), False),
        (at(2026, 10, 16, 7, 30), True),
        (at(2026, 10, 16, 11, 59), True),
        (at(2026, 10, 16, 12, 0), False),
        (at(2026, 10, 16, 16, 30), False),
        (at(2027, 4, 15, 13, 0), True),
        (at(2027, 4, 16, 8, 0), False),
        (at(2026, 10, 17, 8, 0), False),
        (at(2026, 2, 17, 8, 0), False),
        (at(2026, 1, 10, 8, 0), True),
        (at(2026, 8, 22, 16, 59), True),
        (at(2026, 11, 24, 8, 0), False),
    ],
)
def test_hours_follow_season_weekend_holiday_and_swapped_day(usual: OfficeCalendar, now: float, works: bool) -> None:
    assert usual.is_office_time(now) is works


def test_work_begins_again_after_tet(usual: OfficeCalendar) -> None:
    assert usual.next_start(at(2026, 2, 13, 16, 30)) == at(2026, 2, 23, 7, 30)
    assert usual.next_start(at(2027, 2, 4, 16, 30)) == at(2027, 2, 12, 7, 30)


def test_each_holiday_of_the_law_stands_in_each_year(usual: OfficeCalendar) -> None:
    for year in range(usual.years[0], usual.years[1] + 1):
        for month, day in ((1, 1), (4, 30), (5, 1), (9, 2), (11, 24)):
            assert usual.holiday_on(date(year, month, day))
        weekdays_off = [one for one in usual.holidays if one.year == year and one.isoweekday() < 6]
        swapped = sum(instead.year == year for instead in usual.worked.values())
        # Art. 112: 1 + 5 + 1 + 2 + 2, and the day of culture; what falls on a weekend is given on another day.
        assert len(weekdays_off) - swapped == 12, year
    assert not usual.knows(date(2029, 1, 1))


@given(st.floats(min_value=at(2026, 1, 1), max_value=at(2028, 12, 31)))
def test_the_next_start_is_the_next_moment_at_which_work_begins(now: float) -> None:
    for calendar in shipped().values():
        start = calendar.next_start(now)
        assert start is not None
        assert start > now
        assert calendar.is_office_time(start)
        days = (day_of(now) + timedelta(days=ahead) for ahead in range(15))
        assert not any(now < begin < start for day in days for begin, _ in calendar.spans_on(day))


def test_a_site_follows_the_usual_hours_unless_it_names_others() -> None:
    assert calendar_of("", shipped()).name == USUAL
    assert calendar_of("nobody-knows", shipped()).name == USUAL
    assert calendar_of("always", shipped()).is_office_time(at(2026, 2, 17, 3, 0))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('last = "10-15"', 'last = "10-16"', "seasons: 10-16 is not in exactly one"),
        ('"07:00-11:30"', '"07:00-6:30"', "seasons[0].hours: '07:00-6:30' is not of the form 07:30-12:00"),
        ('"07:00-11:30"', '"07:00-14:00"', "seasons[0].hours: not one after the other"),
        ("weekdays =", "weekday =", "weekday: unknown; did you mean weekdays?"),
        ("days = [2026-11-24]", "days = [2026-02-16]", "holidays[5].days: 2026-02-16 is there twice"),
        ("instead_of = 2026-01-02", "instead_of = 2026-01-05",
         "worked: 2026-01-10 is worked instead of 2026-01-05, which is no holiday"),
        ("announced = true", 'announced = "yes"', "holidays[0].announced: not true or false"),
        ('vi = "Tết Dương lịch"', 'vi = ""', "holidays[0].vi: missing"),
        ("years = [2026, 2028]", "years = [2028, 2026]", "years: not the first and the last year"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_key(old: str, new: str, message: str) -> None:
    with pytest.raises(CalendarError) as refused:
        parse(TEXT.replace(old, new, 1))
    assert str(refused.value) == message


@given(st.text(max_size=200))
def test_any_text_is_a_calendar_or_refused(text: str) -> None:
    with pytest.raises(CalendarError):
        parse(text)


@given(st.integers(0, len(TEXT) - 1), st.text(max_size=3))
def test_a_damaged_calendar_is_one_or_refused(place: int, put: str) -> None:
    with contextlib.suppress(CalendarError):
        parse(TEXT[:place] + put + TEXT[place + 1 :])
