from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.ingest import clock
from tests.collector.support import NOW

DAY_MS = 86_400_000


@pytest.mark.parametrize("header", [None, "", "yesterday", "nan", "inf", "-inf", "1e300", "0x10", "1,5"])
def test_a_header_that_says_nothing_corrects_nothing(header: str | None) -> None:
    assert clock.measured_offset_ms(header, NOW) is None


def test_the_offset_is_what_the_node_is_ahead() -> None:
    assert clock.measured_offset_ms(f"{NOW + 86400:.3f}", NOW) == DAY_MS


@pytest.mark.parametrize(
    ("held", "measured", "then"),
    [
        (0, 0, 0),
        (0, 2_000, 0),
        (0, -2_000, 0),
        (0, 2_001, 2_001),
        (DAY_MS, DAY_MS + 1_999, DAY_MS),
        (DAY_MS, DAY_MS + 2_001, DAY_MS + 2_001),
        (DAY_MS, 500, 0),
        (3_000, 1_500, 3_000),
        (-DAY_MS, -DAY_MS - 900, -DAY_MS),
    ],
)
def test_the_held_offset_moves_only_beyond_the_tolerance(held: int, measured: int, then: int) -> None:
    assert clock.held_offset_ms(held, measured) == then


@pytest.mark.parametrize(
    ("held", "measured", "doubtful"),
    [
        (0, -1_999, False),
        (0, -2_001, True),
        (0, -60_000, True),
        (0, -60_001, False),
        (0, 2_001, False),
        (DAY_MS, DAY_MS - 5_000, True),
        (5_000, 0, True),
        (-5_000, 0, False),
    ],
)
def test_only_what_a_slow_request_would_look_like_is_doubted(held: int, measured: int, doubtful: bool) -> None:
    assert clock.is_doubtful(held, measured, doubts=0) == doubtful
    assert not clock.is_doubtful(held, measured, doubts=clock.CONFIRMATIONS - 1)


offsets = st.integers(-1000, 1000) | st.integers(2001, 10**12) | st.integers(-(10**12), -2001)


@given(offsets, st.lists(st.integers(-1000, 1000), max_size=50))
def test_measurements_that_wander_within_two_seconds_hold_one_offset(offset: int, noise: list[int]) -> None:
    held = first = clock.held_offset_ms(0, offset)
    for one in noise:
        held = clock.held_offset_ms(held, offset + one)
    assert held == first


@given(st.text(max_size=30))
def test_any_header_is_a_number_or_nothing(header: str) -> None:
    measured = clock.measured_offset_ms(header, NOW)
    assert measured is None or abs(measured) < 2**63


def test_five_minutes_ahead_are_kept_and_more_is_refused() -> None:
    now_ms = round(NOW * 1000)
    assert clock.refusal(now_ms + 5 * 60_000, now_ms) is None
    assert clock.refusal(now_ms + 5 * 60_000 + 1, now_ms) == "too_far_ahead"


def test_what_prometheus_would_no_longer_take_is_refused() -> None:
    now_ms = round(NOW * 1000)
    assert clock.refusal(now_ms - 13 * DAY_MS, now_ms) is None
    assert clock.refusal(now_ms - 14 * DAY_MS, now_ms) == "too_old"
