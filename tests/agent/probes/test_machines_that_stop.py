"""A node that is paused, suspended, started anew or told another time loses nothing that the line did not lose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agent.probes.stamp import StampSession
from tests.agent.probes.simulated import KEY, SSID, UNIX, Reflector, Simulation, clear, cut


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
