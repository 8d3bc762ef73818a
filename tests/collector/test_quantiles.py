from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector.quality.quantiles import pooled_quantile


def said(round_trips: list[float]) -> dict[str, float]:
    """What a node says of these round trips (nearest rank)."""
    ordered = sorted(round_trips)

    def rank(share: float) -> float:
        return ordered[max(0, ceil(share * len(ordered)) - 1)]

    values: dict[str, float] = {
        "received": len(ordered), "rtt_min": ordered[0], "rtt_p50": rank(0.5), "rtt_p95": rank(0.95),
        "rtt_max": ordered[-1],
    }  # fmt: skip
    bounds = (*RTT_BUCKETS_SECONDS, float("inf"))
    return values | {f"rtt_le_{n}": sum(one <= bound for one in ordered) for n, bound in enumerate(bounds)}


def test_one_window_keeps_its_own_quantiles() -> None:
    window = said([0.010 + n / 10_000 for n in range(100)])
    assert pooled_quantile([window], 0.5) == pytest.approx(window["rtt_p50"])
    assert pooled_quantile([window], 0.95) == pytest.approx(window["rtt_p95"])


def test_one_bad_window_of_six_shows_in_the_tail_and_not_in_the_middle() -> None:
    windows = [said([0.010] * 100)] * 5 + [said([0.500] * 100)]
    assert pooled_quantile(windows, 0.5) == pytest.approx(0.010)
    assert pooled_quantile(windows, 0.95) == pytest.approx(0.500)


def test_a_few_slow_packets_do_not_become_the_tail() -> None:
    windows = [said([0.010] * 100)] * 5 + [said([0.010] * 90 + [0.500] * 10)]
    assert pooled_quantile(windows, 0.95) == pytest.approx(0.010)


def test_no_answers_have_no_quantile() -> None:
    assert pooled_quantile([], 0.5) is None
    assert pooled_quantile([{"sent": 100, "received": 0}], 0.5) is None


round_trips = st.lists(st.floats(0.0005, 4.0), min_size=1, max_size=40)


@given(st.lists(round_trips, min_size=1, max_size=6), st.sampled_from([0.5, 0.95]))
def test_the_pooled_quantile_lies_within_a_bucket_of_the_true_one(windows: list[list[float]], rank: float) -> None:
    found = pooled_quantile([said(one) for one in windows], rank)
    everything = sorted(one for window in windows for one in window)
    true = everything[max(0, ceil(rank * len(everything)) - 1)]
    following = everything[min(len(everything) - 1, ceil(rank * len(everything)))]
    edges = (0.0, *RTT_BUCKETS_SECONDS)
    low = max(edge for edge in edges if edge < true)
    high = min(edge for edge in edges if edge >= following)
    assert found is not None
    assert low - 1e-9 <= found <= high + 1e-9
    assert everything[0] - 1e-9 <= found <= everything[-1] + 1e-9
