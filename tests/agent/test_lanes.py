"""Fresh rows first, the backlog behind, oldest first; and what each answer of the hub means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.uplink import Backoff, Fix, Fixed, Judgement, Lane, Lanes, Outcome, judge, parse_retry_after

ALL = 1 << 62


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, Outcome.FAILED),
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (400, Outcome.REFUSED),
        (401, Outcome.UNAUTHORISED),
        (403, Outcome.UNAUTHORISED),
        (404, Outcome.UNAUTHORISED),
        (408, Outcome.FAILED),
        (413, Outcome.TOO_LARGE),
        (415, Outcome.REFUSED),
        (422, Outcome.REFUSED),
        (429, Outcome.WAIT),
        (500, Outcome.FAILED),
        (502, Outcome.FAILED),
        (503, Outcome.WAIT),
        (301, Outcome.FAILED),
    ],
)
def test_answers_are_judged_as_the_protocol_says(status: int | None, outcome: Outcome) -> None:
    assert judge(status, None, 0.0).outcome is outcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        (" 0 ", 0.0),
        ("999999999999", 300.0),
        ("soon", None),
        ("-5", None),
        ("Wed, 21 Oct 2015 07:28:07 GMT", 7.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, 1_445_412_480.0) == seconds


@given(st.text())
def test_any_retry_after_gives_a_bounded_time_or_none(text: str) -> None:
    seconds = parse_retry_after(text, 0.0)
    assert seconds is None or 0.0 <= seconds <= 300.0


def test_backoff_doubles_from_30_ms_to_5_s_and_honours_retry_after() -> None:
    backoff = Backoff()
    failed = Judgement(Outcome.FAILED)
    waits = [backoff.wait(failed) for _ in range(10)]
    assert waits[:4] == [0.03, 0.06, 0.12, 0.24]
    assert waits[-1] == 5.0
    backoff.reset()
    assert backoff.wait(Judgement(Outcome.WAIT, 7.0)) == 7.0
    assert backoff.wait(Judgement(Outcome.WAIT, 0.0)) == 0.06
    assert backoff.wait(Judgement(Outcome.UNAUTHORISED)) == 30.0


def test_what_was_there_at_the_start_is_backlog_and_what_comes_is_fresh() -> None:
    lanes = Lanes([], newest=40)
    assert lanes.next(Lane.FRESH) == Fix(40, ALL)
    assert lanes.next(Lane.BACKLOG) == Fix(0, 40)


def test_requests_tried_by_an_earlier_process_go_again_as_they_were() -> None:
    lanes = Lanes([(3, 5), (9, 9)], newest=40)
    assert lanes.next(Lane.BACKLOG) == Fixed(3, 5)
    lanes.begin(Lane.BACKLOG, 3, 5)
    lanes.end(Lane.BACKLOG)
    assert lanes.next(Lane.BACKLOG) == Fixed(9, 9)


def test_the_backlog_waits_while_the_fresh_lane_finds_out_whether_the_hub_is_there() -> None:
    lanes = Lanes([], newest=40)
    lanes.begin(Lane.FRESH, 41, 41)
    assert lanes.next(Lane.BACKLOG) is None
    lanes.hub_answers(well=True)
    assert lanes.next(Lane.BACKLOG) == Fix(0, 40)
    lanes.hub_answers(well=False)
    assert lanes.next(Lane.BACKLOG) is None


def test_fresh_rows_become_backlog_when_they_have_waited_a_minute() -> None:
    lanes = Lanes([], newest=40)
    lanes.grow_old(55)
    assert lanes.next(Lane.FRESH) == Fix(55, ALL)
    assert lanes.next(Lane.BACKLOG) == Fix(0, 55)
    lanes.grow_old(50)
    assert lanes.boundary == 55


def test_a_fresh_request_that_is_being_tried_stays_in_its_lane() -> None:
    lanes = Lanes([], newest=40)
    lanes.begin(Lane.FRESH, 41, 43)
    lanes.grow_old(500)
    assert lanes.boundary == 40
    lanes.end(Lane.FRESH)
    lanes.grow_old(500)
    assert lanes.next(Lane.FRESH) == Fix(500, ALL)


def test_halves_of_a_request_that_was_too_large_are_sent_in_order() -> None:
    lanes = Lanes([], newest=40)
    lanes.begin(Lane.FRESH, 41, 44)
    lanes.split(Lane.FRESH, [(41, 42), (43, 44)])
    lanes.end(Lane.FRESH)
    assert lanes.next(Lane.BACKLOG) == Fixed(41, 42)


def test_after_a_failure_of_the_disk_fixed_requests_are_found_again() -> None:
    lanes = Lanes([], newest=40)
    lanes.begin(Lane.FRESH, 41, 44)
    lanes.resume([(1, 7), (41, 44)])
    lanes.hub_answers(well=True)
    assert lanes.next(Lane.BACKLOG) == Fixed(1, 7)
