"""Each unanswered packet is charged to the way it was lost on, against the simulated line's own log."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from agent.probes.stamp import StampSession
from tests.agent.probes.simulated import KEY, SSID, UNIX, Delays, Reflector, Simulation, clear, cut, losing


def assert_true_to_the_log(simulation: Simulation) -> None:
    assert simulation.losses
    for start, report in simulation.losses.items():
        fates = simulation.fates[start]
        losses = report.losses
        assert (losses.up, losses.down, losses.unknown, losses.unmeasured) == (
            fates["up"],
            fates["down"] + fates["late"],
            0,
            0,
        ), start
        assert simulation.figures[start].sent == sum(fates.values())
        assert simulation.figures[start].received == fates["answered"]


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


@pytest.mark.parametrize("seconds", [0.35, 3.0, 8.0, 75.0])
def test_a_paused_process_skips_places_and_loses_nothing(seconds: float) -> None:
    simulation = Simulation(up=clear(0.2), down=clear(0.2))
    simulation.run(57)
    simulation.pause(seconds)
    simulation.run(57 + seconds + 60)
    assert simulation.total("up") == simulation.total("down") == simulation.total("unknown") == 0
    assert simulation.total("unmeasured") == 0
    for one in simulation.figures.values():
        assert one.sent == one.received
        assert one.sent + one.skipped == pytest.approx(100, abs=1)
    assert sum(one.skipped for one in simulation.figures.values()) == pytest.approx(seconds * 10, abs=1)
    assert all(one.late == 0 for one in simulation.figures.values())


def test_answers_lost_while_the_machine_slept_are_not_loss_of_the_line() -> None:
    simulation = Simulation(up=clear(0.2), down=clear(0.2))
    simulation.run(57)
    simulation.down = lambda _index, _now: ()
    simulation.pause(5)
    simulation.down = clear(0.2)
    simulation.run(120)
    assert simulation.total("down") == simulation.total("up") == 0
    assert 2 <= simulation.total("unmeasured") <= 4


def test_a_suspended_machine_whose_monotonic_clock_stood_still_loses_nothing() -> None:
    simulation = Simulation(up=clear(0.2), down=clear(0.2))
    simulation.run(57)
    simulation.down = lambda _index, _now: ()
    simulation.offset += 3600
    simulation.run(57.35)
    simulation.down = clear(0.2)
    simulation.run(150)
    assert simulation.total("down") <= 5
    assert simulation.total("unmeasured") >= 2
    assert all(start < 60 or start >= 3650 for start in simulation.figures)


def test_places_at_which_the_system_refuses_to_send_are_skipped() -> None:
    simulation = Simulation()
    simulation.run(30)
    simulation.sends_fail = True
    simulation.run(50)
    simulation.sends_fail = False
    simulation.run(100)
    assert (simulation.figures[30].sent, simulation.figures[30].skipped) == (0, 100)
    assert sum(one.sent - one.received for one in simulation.figures.values()) == 0
    assert simulation.total("up") == simulation.total("down") == 0


def test_a_new_process_says_the_open_losses_of_the_one_before_once_it_is_answered() -> None:
    simulation = Simulation(up=cut(100, 300))
    simulation.run(203)
    left = simulation.session.awaiting()
    assert sum(run.windows * run.unanswered for run in left) == 900
    simulation.start(awaiting=left)
    simulation.run(290)
    assert max(simulation.losses) < 100
    simulation.run(400)
    assert simulation.total("unknown") == 900
    assert simulation.total("up") == 970
    starts = [start for kind, start in simulation.order if kind == "WindowLosses"]
    assert starts == sorted(starts)


def test_open_losses_of_the_process_before_are_unmeasured_where_the_reflector_was_away() -> None:
    simulation = Simulation()
    simulation.reflector = Reflector(round(UNIX) - 1000, says_start=True)
    simulation.up = cut(100, 300)
    simulation.run(203)
    left = simulation.session.awaiting()
    simulation.start(awaiting=left)
    simulation.reflector = Reflector(round(UNIX) + 140, says_start=True)
    simulation.run(400)
    assert simulation.total("unmeasured") == 500
    assert simulation.total("unknown") == 400
    assert simulation.total("up") == 970


def test_the_window_in_which_the_agent_starts_counts_only_what_was_sent() -> None:
    simulation = Simulation()
    simulation.offset += 4
    simulation.start()
    simulation.run(30)
    assert simulation.figures[0].sent == simulation.figures[0].received == 60


def test_closing_says_windows_that_are_over_without_what_is_in_flight() -> None:
    simulation = Simulation(up=clear(0.4), down=clear(0.4))
    simulation.run(20.3)
    assert 10 not in simulation.figures
    simulation.session.close(simulation.now)
    simulation.take()
    assert simulation.figures[10].sent == simulation.figures[10].received == 95
    assert simulation.losses[10].losses.up == simulation.losses[10].losses.down == 0
    assert 20 not in simulation.figures


def test_a_clock_set_back_by_an_hour_does_not_stop_the_measurement() -> None:
    simulation = Simulation()
    simulation.run(60)
    simulation.offset -= 3600
    simulation.run(150)
    assert -3500 in simulation.figures
    assert simulation.total("up") == simulation.total("down") == 0


def test_a_clock_set_back_a_little_says_no_window_twice() -> None:
    simulation = Simulation()
    simulation.run(61)
    simulation.offset -= 5
    simulation.run(150)
    assert simulation.figures[60].sent == pytest.approx(150, abs=1)


@pytest.mark.parametrize("packets_per_second", [1, 10, 50])
def test_a_full_window_holds_ten_seconds_of_packets(packets_per_second: int) -> None:
    simulation = Simulation(packets_per_second=packets_per_second)
    simulation.run(60)
    assert {one.sent for one in simulation.figures.values()} == {packets_per_second * 10}


def fed(datagram: Callable[[bytes], bytes]) -> StampSession:
    session = StampSession(SSID, KEY, 10, 0.0, UNIX)
    transmit = session.due(0.05, UNIX + 0.05)[0]
    session.sent(transmit, 0.05)
    session.receive(datagram(transmit.payload), transmit.port, 0.06)
    return session


def test_a_reflected_packet_with_another_key_is_rejected() -> None:
    assert fed(lambda payload: payload).rejected == 1
    assert fed(lambda payload: Reflector().reflect(payload, 1, UNIX)).rejected == 0
    assert fed(lambda payload: Reflector().reflect(payload, 1, UNIX)[:-1] + b"\0\0").rejected == 1
