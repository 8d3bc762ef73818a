"""What a window says of its packets: counts, round trips, jitter, variation, and the samples of all that."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes.unanswered import Fate, Gap, Losses, Standing, Unanswered
from agent.probes.windows import FAMILIES, WindowFigures, WindowLosses, quantile, sample_sets
from agent.wire import families
from agent.wire.configuration import RTT_BUCKETS_SECONDS
from tests.agent.probes.simulated import UNIX, Reflector, Simulation, clear


def sawtooth(index: int, _now: float) -> tuple[float, ...]:
    return (0.010 + 0.002 * (index % 5),)


def test_jitter_is_that_of_rfc_3550() -> None:
    simulation = Simulation(down=sawtooth)
    simulation.run(60)
    round_trips = [0.02 + 0.002 * (index % 5) for index in range(500)]
    jitter, expected = 0.0, {}
    for index, (before, after) in enumerate(pairwise(round_trips), start=1):
        jitter += (abs(after - before) - jitter) / 16
        expected[index // 100 * 10] = jitter
    for start in range(0, 50, 10):
        assert simulation.figures[start].jitter == pytest.approx(expected[start], abs=2e-6)


def test_a_constant_clock_offset_between_the_ends_is_no_jitter() -> None:
    simulation = Simulation()
    simulation.offset = UNIX
    reflector = simulation.reflector
    assert reflector

    class Ahead(Reflector):
        def reflect(self, datagram: bytes, source: object, unix: float) -> bytes:
            return super().reflect(datagram, source, unix + 5000)

    simulation.reflector = Ahead()
    simulation.run(30)
    assert simulation.figures[0].jitter == pytest.approx(0, abs=2e-6)
    assert simulation.figures[0].round_trips[0] == pytest.approx(0.02, abs=1e-6)


def test_variation_is_between_packets_that_follow_each_other() -> None:
    simulation = Simulation(down=sawtooth)
    simulation.run(30)
    variations = simulation.figures[10].variations
    assert len(variations) == 100
    assert quantile(variations, 0.5) == pytest.approx(0.002, abs=1e-6)
    assert quantile(variations, 0.95) == pytest.approx(0.008, abs=1e-6)


def test_the_time_that_the_reflector_took_is_no_round_trip() -> None:
    class Slow(Reflector):
        def reflect(self, datagram: bytes, source: object, unix: float) -> bytes:
            from dataclasses import replace

            from agent.wire.stamp import decode_reflector, encode_reflector
            from tests.agent.probes.simulated import KEY

            packet = decode_reflector(super().reflect(datagram, source, unix), KEY)
            return encode_reflector(replace(packet, timestamp=unix + 0.3), KEY)

    simulation = Simulation(down=clear(0.31))
    simulation.reflector = Slow()
    simulation.run(30)
    assert simulation.figures[10].round_trips[-1] == pytest.approx(0.02, abs=1e-6)


def test_duplicates_are_counted_and_not_received_twice() -> None:
    simulation = Simulation(
        up=lambda index, _now: (0.01, 0.02) if index % 10 == 0 else (0.01,),
        down=lambda index, _now: (0.01, 0.03) if index % 10 == 5 else (0.01,),
    )
    simulation.run(60)
    assert simulation.figures[20].received == simulation.figures[20].sent == 100
    assert 15 <= simulation.figures[20].duplicate <= 25
    assert simulation.total("up") == simulation.total("down") == 0


def test_reordering_is_that_of_rfc_4737() -> None:
    simulation = Simulation(down=lambda index, _now: (0.25,) if index % 20 == 7 else (0.01,))
    simulation.run(60)
    assert simulation.figures[20].reordered == 5
    assert simulation.figures[20].received == 100


def test_late_sends_and_places_that_are_missed_are_counted_and_no_loss() -> None:
    simulation = Simulation()
    simulation.run(20)
    simulation.pause(0.08)
    simulation.run(25)
    simulation.pause(0.5)
    simulation.run(60)
    assert simulation.figures[20].skipped == pytest.approx(4, abs=1)
    assert simulation.figures[20].sent + simulation.figures[20].skipped == 100
    assert sum(one.late_sends for one in simulation.figures.values()) <= 2
    simulation.session.due(simulation.session.next_due + 0.06, UNIX + 60.1)
    assert simulation.total("up") == simulation.total("down") == 0


def samples_of(report: WindowFigures | WindowLosses) -> dict[tuple[str, str], float]:
    (one,) = sample_sets("l1", [report])
    assert one.unix == report.start + 10
    assert all(("line", "l1") in sample.labels for sample in one.samples)
    return {
        (sample.name, next((value for name, value in sample.labels if name != "line"), "")): sample.value
        for sample in one.samples
    }


def test_a_window_that_was_answered_says_everything() -> None:
    found = samples_of(WindowFigures(1000, 4, 3, 1, 2, 1, 5, 6, 0.004, (0.001, 0.03, 0.7), (0.029, 0.67)))
    assert found[families.LINE_SENT, ""] == 4
    assert found[families.LINE_RECEIVED, ""] == 3
    assert found[families.LINE_LATE, ""] == 1
    assert found[families.LINE_DUPLICATE, ""] == 2
    assert found[families.LINE_REORDERED, ""] == 1
    assert found[families.LINE_SKIPPED, ""] == 5
    assert found[families.LINE_LATE_SENDS, ""] == 6
    assert found[families.LINE_JITTER, ""] == 0.004
    assert [found[families.LINE_RTT, rank] for rank in ("0", "0.5", "0.95", "1")] == [0.001, 0.03, 0.7, 0.7]
    assert found[families.LINE_IPDV, "0.95"] == 0.67
    buckets = {label: value for (name, label), value in found.items() if name == families.LINE_RTT_BUCKET}
    assert len(buckets) == len(RTT_BUCKETS_SECONDS) + 1
    assert (buckets["0.001"], buckets["0.03"], buckets["0.6"], buckets["1"], buckets["+Inf"]) == (1, 2, 2, 3, 3)


def test_a_window_without_answers_says_no_round_trips() -> None:
    found = samples_of(WindowFigures(1000, 4, 0, 0, 0, 0, 0, 0, None, (), ()))
    assert found[families.LINE_SENT, ""] == 4
    assert found[families.LINE_RTT_BUCKET, "+Inf"] == 0
    assert not {families.LINE_RTT, families.LINE_JITTER, families.LINE_IPDV} & {name for name, _ in found}


def test_losses_are_said_by_direction_and_unknown_only_when_there_are_any() -> None:
    found = samples_of(WindowLosses(1000, Losses(up=1, down=2, unmeasured=3, bursts=4)))
    assert found == {
        (families.LINE_LOST, "up"): 1,
        (families.LINE_LOST, "down"): 2,
        (families.LINE_UNMEASURED, ""): 3,
        (families.LINE_LOSS_BURSTS, ""): 4,
    }
    assert samples_of(WindowLosses(1000, Losses(unknown=7)))[families.LINE_LOST, "unknown"] == 7


def test_every_line_family_is_described() -> None:
    named = {value for name, value in vars(families).items() if name.startswith("LINE_")}
    assert {family.name for family in FAMILIES} == named


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Standing)), max_size=80),
    st.data(),
    st.sampled_from(Fate),
)
def test_every_unanswered_packet_is_told_once(
    sends: list[tuple[int, Standing]], data: st.DataObject, fate: Fate
) -> None:
    unanswered = Unanswered()
    window, scheduled = 0, 0
    for step, standing in sends:
        window += step
        unanswered.add(window, standing)
        scheduled += standing is not Standing.UNSCHEDULED
    down = data.draw(st.integers(0, unanswered.chargeable))
    gap = Gap(unanswered, down, fate, 0)
    total = Losses()
    for one in range(window + 1):
        total += gap.take(one)
    assert total.up + total.down + total.unknown + total.unmeasured == scheduled
    assert gap.first_window is None
    if all(standing is Standing.SCHEDULED for _step, standing in sends):
        assert total.down == down
        assert total.bursts == (1 if down or (fate is not Fate.UNMEASURED and sends) else 0)
