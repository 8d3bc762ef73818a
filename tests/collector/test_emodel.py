from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.quality import emodel


@pytest.mark.parametrize(
    ("one_way_ms", "idd"), [(0, 0), (100, 0), (150, 0.16), (200, 3.04), (250, 8.92), (300, 14.76), (400, 24.07)]
)
def test_delay_impairs_as_itu_t_g107_says(one_way_ms: float, idd: float) -> None:
    assert emodel.delay_impairment(one_way_ms) == pytest.approx(idd, abs=0.006)


@pytest.mark.parametrize(
    ("codec", "loss_percent", "mos"),
    [
        (emodel.G711_PLC, 0, 4.41),
        (emodel.G711_PLC, 1, 4.33),
        (emodel.G711_PLC, 3, 4.13),
        (emodel.G711_PLC, 5, 3.92),
        (emodel.G711_PLC, 10, 3.41),
        (emodel.G711, 1, 3.83),
        (emodel.G711, 5, 2.17),
    ],
)
def test_loss_lowers_the_mos_as_published(codec: emodel.Codec, loss_percent: float, mos: float) -> None:
    # Without delay: Ta is the packetisation alone.
    r = emodel.rating(0, 0, loss_percent / 100, 1, codec)
    assert emodel.mos(r) == pytest.approx(mos, abs=0.006)


def test_mouth_to_ear_delay_is_half_the_round_trip_and_the_buffers() -> None:
    assert emodel.mouth_to_ear_ms(0.100, 0.010) == pytest.approx(50 + 20 + 20)


@pytest.mark.parametrize(
    ("lost", "bursts", "sent", "burst_r"),
    [(0, 0, 100, 1), (10, 10, 100, 1), (20, 2, 100, 8), (50, 0, 100, 25), (100, 1, 100, 1), (1, 1, 0, 1)],
)
def test_burst_ratio_is_the_mean_run_against_random_loss(lost: int, bursts: int, sent: int, burst_r: float) -> None:
    assert emodel.burst_ratio(lost, bursts, sent) == pytest.approx(burst_r)


@given(st.floats(0, 10), st.floats(0, 1), st.floats(0, 1), st.floats(1, 1000))
def test_mos_stays_between_one_and_four_and_a_half(rtt: float, jitter: float, loss: float, burst_r: float) -> None:
    assert 1 <= emodel.mos(emodel.rating(rtt, jitter, loss, burst_r)) <= 4.5


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_loss_is_never_better(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert emodel.rating(0.02, 0, more, 1) <= emodel.rating(0.02, 0, less, 1)
