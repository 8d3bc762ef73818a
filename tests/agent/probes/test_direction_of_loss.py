"""Each unanswered packet is charged to the way it was lost on, against the simulated line's own log."""

from __future__ import annotations

import random

import pytest

from tests.agent.probes.simulated import Delays, Simulation, assert_true_to_the_log, clear, cut, losing


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (losing(lambda index: index % 7 == 3), clear()),
        (clear(), losing(lambda index: index % 7 == 3)),
        (losing(lambda index: index % 60 > 50), clear()),
        (clear(), losing(lambda index: index % 60 > 50)),
        (losing(lambda index: index % 100 in (20, 21, 22)), losing(lambda index: index % 97 == 60)),
        (losing(lambda index: index % 9 == 4, 0.9), clear(0.9)),
        (clear(0.9), losing(lambda index: index % 9 == 0, 0.9)),
    ],
    ids=["up", "down", "bursts up", "bursts down", "both", "long delay up", "long delay down"],
)
def test_loss_is_told_per_direction(up: Delays, down: Delays) -> None:
    simulation = Simulation(up, down)
    simulation.run(200)
    assert_true_to_the_log(simulation)
    assert len(simulation.losses) >= 18


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (losing(lambda index: index % 7 == 3), losing(lambda index: index % 11 == 5)),
        (losing(lambda index: 100 < index % 200 < 130), losing(lambda index: 40 < index % 200 < 80)),
    ],
    ids=["neighbours", "bursts side by side"],
)
def test_losses_both_ways_within_one_gap_are_right_in_sum(up: Delays, down: Delays) -> None:
    simulation = Simulation(up, down)
    simulation.run(300)
    said = range(0, 280, 10)
    assert sum(simulation.losses[start].losses.up for start in said) == pytest.approx(
        sum(simulation.fates[start]["up"] for start in said), abs=1
    )
    for start in said:
        losses, fates = simulation.losses[start].losses, simulation.fates[start]
        assert losses.up + losses.down == fates["up"] + fates["down"]


def lossy_reordering(seed: int, loss: float, repeat: float = 0.0) -> Delays:
    source = random.Random(seed)

    def delays(_index: int, _now: float) -> tuple[float, ...]:
        if source.random() < loss:
            return ()
        delay = 0.02 + source.choice((0.0, 0.0, 0.0, 0.25))
        return (delay, delay + 0.01) if source.random() < repeat else (delay,)

    return delays


@pytest.mark.parametrize("seed", range(6))
def test_reordering_and_duplicates_do_not_confuse_the_directions(seed: int) -> None:
    simulation = Simulation(lossy_reordering(seed, 0.02), lossy_reordering(seed + 100, 0.02, 0.03))
    simulation.run(400)
    said = list(simulation.losses)
    for name in ("up", "down"):
        assert abs(simulation.total(name) - sum(simulation.fates[start][name] for start in said)) <= 1
    # Neighbours lost each another way on the edge of two windows cannot be told apart.
    wrong = sum(abs(simulation.fates[start]["up"] - simulation.losses[start].losses.up) for start in said)
    assert wrong <= 0.05 * (simulation.total("up") + simulation.total("down"))
    assert sum(one.duplicate for one in simulation.figures.values()) > 0
    assert sum(one.reordered for one in simulation.figures.values()) > 0


def test_a_packet_reordered_on_the_way_up_and_lost_on_the_way_down_is_lost_down() -> None:
    simulation = Simulation(
        up=lambda index, _now: (0.15,) if index == 50 else (0.01,),
        down=lambda index, _now: () if index == 51 else (0.01,),
    )
    simulation.run(60)
    assert_true_to_the_log(simulation)
    assert simulation.total("down") == 1


def test_late_answers_are_lost_and_counted_where_they_come() -> None:
    simulation = Simulation(down=lambda index, _now: (5.5,) if 120 <= index < 125 else (0.01,))
    simulation.run(60)
    assert_true_to_the_log(simulation)
    assert simulation.losses[10].losses.down == 5
    assert {start: one.late for start, one in simulation.figures.items() if one.late} == {10: 5}


def hours(number: float) -> float:
    return number * 3600


@pytest.mark.parametrize(
    ("direction", "name"), [("up", "up"), ("down", "down")], ids=["cut on the way up", "cut on the way down"]
)
def test_an_outage_of_hours_is_resolved_when_the_line_is_back(direction: str, name: str) -> None:
    simulation = Simulation()
    setattr(simulation, direction, cut(100.3, hours(0.5) + 100.3))
    simulation.run(hours(0.5) + 90)
    assert max(simulation.losses) < 110
    assert max(simulation.figures) == hours(0.5) + 70
    assert len(simulation.session.awaiting()) < 10
    simulation.run(hours(0.5) + 200)
    assert_true_to_the_log(simulation)
    assert simulation.total(name) == pytest.approx(hours(0.5) * 10, abs=1)
    assert sum(one.losses.bursts for one in simulation.losses.values()) == 1
    starts = [start for kind, start in simulation.order if kind == "WindowLosses"]
    assert starts == sorted(starts) and len(starts) == len(set(starts))


def test_a_mixed_outage_is_spread_evenly() -> None:
    simulation = Simulation()
    simulation.up = lambda index, now: () if 100 <= now < 400 and index % 2 else (0.01,)
    simulation.down = cut(100, 400.5)
    simulation.run(500)
    inside = [simulation.losses[start].losses for start in range(110, 390, 10)]
    assert all(abs(one.up - 50) <= 1 and abs(one.down - 50) <= 1 for one in inside)
