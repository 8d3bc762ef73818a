from __future__ import annotations

import math
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector.quality import load
from collector.quality.load import Reading
from collector.quality.profile import shipped
from collector.reports import charts, words
from collector.reports.figures import Sums, figures, limits_of, quantile, together, worst_load
from collector.reports.model import DayFigures
from collector.reports.words import duration, instant, percent

BEGIN = 1_790_000_100 // 300 * 300
LIMITS = shipped().limits


def counters(minutes: int, bits: float = 8e6) -> list[Reading]:
    """A steady stream, read once a minute."""
    return [Reading(BEGIN + 60 * n, bits / 8 * 60 * n, bits / 80 * 60 * n, 1.0) for n in range(minutes + 1)]


def test_five_minutes_hold_the_mean_of_their_counters() -> None:
    down, up = load.five_minutes(counters(10), BEGIN, BEGIN + 1200)
    assert down[:2] == pytest.approx([8e6, 8e6])
    assert up[:2] == pytest.approx([8e5, 8e5])
    assert math.isnan(down[2])


@pytest.mark.parametrize(
    "second",
    [
        Reading(BEGIN + 60, 10.0, 0.0),  # the counter began again
        Reading(BEGIN + 60, 2000.0, 2000.0, booted=100.0),
        Reading(BEGIN + 900, 2000.0, 2000.0),  # too long ago
        Reading(BEGIN, 2000.0, 2000.0),
    ],
)
def test_a_reset_a_reboot_or_a_gap_is_no_load(second: Reading) -> None:
    down, _ = load.five_minutes([Reading(BEGIN, 1000.0, 1000.0, booted=1.0), second], BEGIN, BEGIN + 900)
    assert all(math.isnan(value) for value in down)


@given(st.lists(st.floats(0, 1e9, width=32), min_size=288, max_size=288))
def test_a_days_load_comes_out_of_its_bytes_as_it_went_in(values: list[float]) -> None:
    down, up = load.unpack(load.pack(values, values[::-1]))
    assert (list(down), list(up)) == (values, values[::-1])


def test_p95_is_what_95_of_100_do_not_exceed_and_needs_a_day() -> None:
    assert load.p95([float(n) for n in range(1, 401)]) == 380.0
    assert load.p95([1.0] * 287 + [math.nan] * 100) is None


def test_the_busiest_seven_days_count() -> None:
    quiet, busy = load.pack([1e6] * 288, [1e5] * 288), load.pack([9e7] * 288, [1e5] * 288)
    days: dict[date, bytes | None] = {date(2026, 9, n): busy if n in (8, 9) else quiet for n in range(1, 31)}
    assert worst_load(days, date(2026, 9, 30)) == pytest.approx((9e7, 1e5))
    days |= {date(2026, 9, n): quiet for n in (8, 9)}
    assert worst_load(days, date(2026, 9, 30)) == pytest.approx((1e6, 1e5))
    assert worst_load({}, date(2026, 9, 30)) == (None, None)


def test_availability_counts_lost_minutes_and_says_whose_they_are() -> None:
    sums = Sums(minutes=10_000, lost_minutes=60, lost_by_cause=Counter(power=20, provider=30, upstream=10))
    found = figures(sums, 43_200)
    assert found.availability == pytest.approx(0.994)
    assert found.provider_availability == pytest.approx(0.996)
    assert limits_of(found, LIMITS, (None, None), (None, None), {})["availability"].kept == "broken"


def test_what_was_not_measured_breaks_no_limit() -> None:
    found = figures(Sums(), 100)
    assert found.availability is None
    assert {limit.kept for limit in limits_of(found, LIMITS, (None, None), (None, None), {}).values()} == {"unknown"}


def test_load_and_speed_are_held_against_the_contract() -> None:
    limits = limits_of(figures(Sums(), 1), LIMITS, (91e6, 89e6), (100.0, 100.0), {"down": [0.7, 0.9, 0.85]})
    kept = {name: limit.kept for name, limit in limits.items()}
    assert (kept["load_down"], kept["load_up"], kept["download"], kept["upload"]) == (
        "broken", "kept", "kept", "unknown",
    )  # fmt: skip
    assert limits["download"].value == 0.85


@given(st.lists(st.lists(st.integers(0, 50), min_size=21, max_size=21), min_size=1, max_size=5), st.floats(0.01, 1))
def test_quantiles_lie_within_what_was_seen(counts: list[list[int]], rank: float) -> None:
    days = []
    for some in counts:
        running, cumulative = 0, []
        for count in some:
            running += count
            cumulative.append(running)
        days.append(Sums(rtt_buckets=cumulative, rtt_max=6.0))
    total = together(days)
    found = quantile(total, rank)
    if total.rtt_buckets is None or total.rtt_buckets[-1] == 0:
        assert found is None
    else:
        assert found is not None
        assert 0 <= found <= 6.0
        index = next(n for n, count in enumerate(total.rtt_buckets) if count >= rank * total.rtt_buckets[-1])
        assert index == len(RTT_BUCKETS_SECONDS) or found <= RTT_BUCKETS_SECONDS[index] + 1e-9


def test_numbers_read_as_vietnamese_do_and_never_round_up_to_a_limit() -> None:
    assert percent(0.99499) == "99,49 %"
    assert percent(0.995) == "99,50 %"
    assert percent(None) == "–"
    assert duration(61) == "1 giờ 1 phút"
    assert instant(1_552_439_100) == "13/3/2019 08:05"


def test_charts_hold_no_script_and_no_style_and_stand_days_without_figures() -> None:
    days = [DayFigures(date(2026, 9, n), 0, 0, None, None, None, None) for n in range(1, 31)]
    days[3] = DayFigures(date(2026, 9, 4), 1440, 1440, 0.0, 1.0, 5.0, 5.0)
    for svg in (charts.availability(days, 0.995), charts.delay(days, 0.05), charts.delay([], 0.05)):
        assert "style=" not in svg
        assert "nan" not in svg


def test_every_limit_of_the_profile_has_words_for_the_report() -> None:
    assert set(words.PROFILE) == set(shipped().sources)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("rtt_weak_seconds", 0.05, "50,0 ms"),
        ("clock_drift_bad_seconds", 60.0, "60 giây"),
        ("worse_after_minutes", 2.0, "2 phút"),
        ("mos_weak", 4.03, "4,03"),
        ("availability", 0.995, "99,50 %"),
    ],
)
def test_a_limit_is_shown_in_its_unit(name: str, value: float, shown: str) -> None:
    assert words.profile_value(name, value) == shown
