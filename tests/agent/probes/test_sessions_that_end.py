"""A reflector that restarts, an address or a port that changes: what the line is charged with, and what not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes.unanswered import Losses
from tests.agent.probes.simulated import UNIX, Reflector, Simulation, assert_true_to_the_log, clear, cut, losing


@pytest.mark.parametrize("down_seconds", [0.0, 2.0, 40.0])
@pytest.mark.parametrize("says_start", [False, True])
def test_a_restarted_reflector_is_never_loss(down_seconds: float, says_start: bool) -> None:
    simulation = Simulation()
    assert simulation.reflector
    simulation.reflector = Reflector(round(UNIX) - 1000, says_start)
    simulation.run(100.01)
    simulation.reflector = None
    simulation.run(100.01 + down_seconds)
    simulation.reflector = Reflector(round(UNIX + 100 + down_seconds), says_start)
    simulation.run(200)
    assert simulation.total("up") == simulation.total("down") == simulation.total("unknown") == 0
    assert simulation.total("unmeasured") == sum(
        one.sent - one.received for start, one in simulation.figures.items() if start in simulation.losses
    )
    assert sum(one.losses.bursts for one in simulation.losses.values()) == 0
    assert simulation.session.ports == {0}


def test_a_cut_longer_than_the_restart_within_it_is_still_measured() -> None:
    simulation = Simulation()
    simulation.reflector = Reflector(round(UNIX) - 1000, says_start=True)
    simulation.up = simulation.down = cut(100, 1000)
    simulation.run(300)
    simulation.reflector = Reflector(round(UNIX) + 300, says_start=True)
    simulation.run(1100)
    assert simulation.total("unmeasured") == pytest.approx(2100, abs=110)
    assert simulation.total("up") == 9000 - simulation.total("unmeasured")
    assert simulation.losses[200].losses.up == 0
    assert simulation.losses[900].losses.unmeasured == 0


def test_a_reflector_whose_clock_was_set_after_it_started_charges_nothing_falsely() -> None:
    simulation = Simulation()
    simulation.reflector = Reflector(round(UNIX) - 1000, says_start=True)
    simulation.run(100)
    simulation.reflector = None
    simulation.run(140)
    simulation.reflector = Reflector(5, says_start=True)
    simulation.run(200)
    assert simulation.total("up") == simulation.total("down") == simulation.total("unknown") == 0


@pytest.mark.parametrize("says_start", [False, True])
def test_a_node_that_starts_while_the_reflector_is_down_charges_the_line_only_if_it_must(says_start: bool) -> None:
    simulation = Simulation()
    simulation.reflector = None
    simulation.run(45)
    simulation.reflector = Reflector(round(UNIX) + 45, says_start)
    simulation.run(100)
    assert simulation.total("up") == (0 if says_start else 450)
    assert simulation.total("unmeasured") == (450 if says_start else 0)


def test_losses_before_and_after_a_restarted_reflector_are_still_losses() -> None:
    simulation = Simulation(up=losing(lambda index: index % 10 == 4))
    simulation.run(100.01)
    simulation.reflector = None
    simulation.run(101.01)
    simulation.reflector = Reflector()
    simulation.run(200)
    assert simulation.total("unmeasured") <= 13
    assert simulation.total("up") >= 0.97 * sum(
        fates["up"] for start, fates in simulation.fates.items() if start in simulation.losses
    )
    assert simulation.total("down") == 0


def test_an_address_that_changed_on_the_way_hides_the_way_but_not_the_loss() -> None:
    simulation = Simulation()
    simulation.reflector = Reflector(round(UNIX) - 1000, says_start=True)
    simulation.up = simulation.down = cut(100, 160)
    simulation.run(160)
    simulation.address = "203.0.113.9"
    simulation.run(260)
    assert simulation.total("unknown") == 600
    assert simulation.total("unmeasured") == simulation.total("up") == simulation.total("down") == 0


@pytest.mark.parametrize("says_start", [False, True])
def test_what_a_new_session_sends_before_the_reflector_knows_it_is_not_loss(says_start: bool) -> None:
    simulation = Simulation()
    simulation.reflector = None
    simulation.run(3)
    simulation.reflector = Reflector(round(UNIX) - 1000, says_start)
    simulation.run(60)
    assert simulation.losses[0].losses.unmeasured == 30
    assert simulation.total("up") == simulation.total("down") == 0


def test_a_node_that_starts_during_a_cut_measures_the_cut() -> None:
    simulation = Simulation(up=cut(0, 60))
    simulation.run(120)
    assert simulation.total("up") == 600


def pinned_dead(simulation: Simulation) -> None:
    simulation.pinned = set(simulation.session.ports)


def test_a_pinned_port_is_left_for_one_that_is_answered() -> None:
    simulation = Simulation()
    simulation.run(100)
    pinned_dead(simulation)
    simulation.run(200)
    assert 0 not in simulation.session.ports
    lost = sum(one.sent - one.received for one in simulation.figures.values())
    assert 60 <= lost <= 100
    assert simulation.total("unknown") == lost
    assert simulation.total("up") == simulation.total("down") == simulation.total("unmeasured") == 0


def test_ports_tried_during_a_cut_do_not_cost_the_way_of_its_packets() -> None:
    simulation = Simulation(up=cut(100, 2000))
    simulation.run(1990)
    assert simulation.session.ports_tried >= 5
    assert len(simulation.session.ports) == 2
    simulation.run(2100)
    assert_true_to_the_log(simulation)
    assert simulation.session.ports == {0}


def test_a_cut_after_which_the_old_port_is_dead_is_loss_of_unknown_direction() -> None:
    simulation = Simulation(up=cut(100, 400))
    simulation.run(390)
    simulation.pinned = {0}
    simulation.run(600)
    assert 0 not in simulation.session.ports
    lost = sum(one.sent - one.received for one in simulation.figures.values())
    assert simulation.total("unknown") == lost >= 3000
    assert [start for kind, start in simulation.order if kind == "WindowLosses"] == sorted(simulation.losses)


def test_after_moving_to_a_new_port_directions_are_known_again() -> None:
    simulation = Simulation()
    simulation.run(100)
    pinned_dead(simulation)
    simulation.run(150)
    simulation.up = losing(lambda index: index % 7 == 3)
    simulation.run(300)
    for start in range(160, 280, 10):
        assert simulation.losses[start].losses.up == simulation.fates[start]["up"]


def test_an_address_that_died_is_not_charged_to_the_line() -> None:
    simulation = Simulation()
    simulation.run(100)
    simulation.up = cut(100, 1000)
    simulation.run(132)
    simulation.session.move(simulation.now, None)
    simulation.up = clear()
    simulation.run(200)
    assert simulation.total("up") == simulation.total("down") == simulation.total("unknown") == 0
    assert simulation.total("unmeasured") == sum(fates["up"] for fates in simulation.fates.values()) == 320
    assert simulation.losses[180].losses == Losses()
    assert len(simulation.session.ports) == 1 and 0 not in simulation.session.ports


def test_a_cut_before_another_address_answered_is_the_lines() -> None:
    simulation = Simulation()
    simulation.run(100)
    simulation.up = simulation.down = cut(100, 400)
    simulation.run(402)
    # None of the addresses answered at second 395; the next request reached the second one.
    simulation.session.move(simulation.now, 395.0)
    simulation.run(500)
    assert (simulation.total("up"), simulation.total("down")) == (0, 0)
    assert simulation.total("unknown") == pytest.approx(3000, abs=50)
    assert simulation.total("unmeasured") <= 30


@given(
    st.lists(st.floats(min_value=0.001, max_value=40), max_size=6),
    st.floats(min_value=0, max_value=0.3),
)
def test_moving_on_a_line_in_order_charges_nothing_ever(steps: list[float], delay: float) -> None:
    simulation = Simulation(clear(delay), clear(delay))
    for step in steps:
        simulation.run(simulation.now + step)
        simulation.session.move(simulation.now, None)
    simulation.run(simulation.now + 60)
    assert simulation.total("up") == simulation.total("down") == simulation.total("unknown") == 0
    for window, fates in simulation.fates.items():
        if window in simulation.losses:
            assert simulation.figures[window].sent == fates["answered"]
            assert simulation.figures[window].received == fates["answered"]
