"""Latency under load: told when the line is busy, against what it is when idle."""

from __future__ import annotations

from agent.probes.line_traffic import read_traffic
from agent.probes.loaded_latency import LoadedLatency, Traffic
from agent.probes.routes import DefaultRoute
from agent.probes.windows import WindowFigures

START = 1_700_000_000


def figures(index: int, *trips: float) -> WindowFigures:
    return WindowFigures(START + index * 10, 100, len(trips), 0, 0, 0, 0, 0, None, tuple(sorted(trips)), ())


class Line:
    """Of 10 Mbit/s down and 5 up."""

    def __init__(self) -> None:
        self.load = LoadedLatency()
        self.index = 0
        self.received = self.sent = 1000
        self.load.saw(Traffic(START, self.received, self.sent))

    def window(self, down_mbits: float, up_mbits: float, *trips: float, contract: bool = True) -> float | None:
        self.received += int(down_mbits * 1e6 / 8 * 10)
        self.sent += int(up_mbits * 1e6 / 8 * 10)
        self.load.saw(Traffic(START + (self.index + 1) * 10, self.received, self.sent))
        speeds = (10.0, 5.0) if contract else (None, None)
        found = self.load.window(figures(self.index, *trips), *speeds)
        self.index += 1
        return found


def test_load_in_either_direction_shows_what_it_adds() -> None:
    line = Line()
    for _ in range(5):
        assert line.window(0.1, 0.1, 0.02, 0.021, 0.022) is None
    assert line.window(8, 0.1, 0.02, 0.3, 0.32) == 0.32 - 0.02
    assert line.window(0.1, 4, 0.02, 0.1, 0.12) == 0.12 - 0.02


def test_neither_busy_nor_idle_says_nothing() -> None:
    line = Line()
    for _ in range(5):
        line.window(0, 0, 0.02)
    assert line.window(2, 0, 0.5) is None


def test_without_a_contract_or_idle_time_nothing_is_known() -> None:
    line = Line()
    assert line.window(9, 0, 0.5) is None
    for _ in range(5):
        assert line.window(0, 0, 0.02, contract=False) is None
    assert line.window(9, 0, 0.5) is None


def test_counters_that_begin_again_are_no_traffic() -> None:
    line = Line()
    for _ in range(5):
        line.window(0, 0, 0.02)
    line.received = -100_000_000
    assert line.window(9, 0, 0.5) is None


def test_the_machines_own_interface_is_read() -> None:
    assert read_traffic(DefaultRoute("no such", None)) is None
    found = read_traffic(DefaultRoute("lo", None))
    assert found is not None
    assert found.received >= 0
