"""Estimate, probes and ladder over lines made of arithmetic: half a minute of a call in milliseconds."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conferencing.rtp.allocation import PAUSED, Demand, Ladder, allocate, full_cost
from conferencing.rtp.bandwidth import HIGHEST_BITRATE, LOWEST_BITRATE, BandwidthEstimate
from conferencing.rtp.probing import Prober
from conferencing.rtp.sent_packets import SentPackets
from conferencing.rtp.transport_feedback import TransportFeedback

STEP = 0.02
SOUND = 40_000.0
LAYERS = (100_000.0, 280_000.0, 900_000.0)
DELAY = 0.03


@dataclass
class Line:
    """`queue` in seconds; `bursts`: probabilities to enter and to leave a state in which all is lost."""

    rate: float | None = None
    loss: float = 0.0
    queue: float = 0.3
    bursts: tuple[float, float] | None = None
    cut: bool = False


@dataclass
class Call:
    """One receiver on a line that changes: what it was sent and how long it took."""

    line: Line
    seed: int = 1
    levels: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = 0.0
        self.estimate, self.prober, self.ladder = BandwidthEstimate(), Prober(0.0), Ladder()
        self._sent = SentPackets()
        self._random = random.Random(self.seed)
        self._free, self._bad, self._owed = 0.0, False, 0.0
        self._waiting: list[tuple[int, float | None]] = []
        self._step = 0

    def run(self, seconds: float) -> Call:
        for _ in range(round(seconds / STEP)):
            self._turn()
        return self

    def _turn(self) -> None:
        demands = [Demand("stage", "a", LAYERS, True)]
        if self._step % 5 == 0:
            self.ladder.update(self.estimate.bitrate, SOUND, demands, self.now)
        level = self.ladder.levels["stage"]
        self.levels.append(level)
        picture = LAYERS[level] if level != PAUSED else 0.0
        sizes = [100]
        self._owed += picture * STEP / 8
        while self._owed >= 1100:
            self._owed -= 1100
            sizes.append(1100)
        padding = self.prober.padding(self.estimate, full_cost(SOUND, demands), picture + SOUND, self.now)
        packets = math.ceil(padding / 1000)
        sizes.extend([1000] * packets)
        self.prober.overspent(packets * 1000 - padding)
        self._sent.probe = self.prober.number if self.prober.running else 0
        self._waiting += [(self._sent.sent(size, self.now), self._pass(size)) for size in sizes]
        if self._step % 5 == 4:
            self._feedback()
        self._step += 1
        self.now = self._step * STEP

    def _pass(self, size: int) -> float | None:
        line = self.line
        if line.bursts is not None:
            enter, leave = line.bursts
            self._bad = self._random.random() >= leave if self._bad else self._random.random() < enter
        if line.cut or (line.bursts and self._bad) or self._random.random() < line.loss:
            return None
        waiting = max(0.0, self._free - self.now)
        if line.rate is not None:
            if waiting > line.queue:
                return None
            self._free = self.now + waiting + size * 8 / line.rate
        self.delays.append(waiting)
        return max(self.now, self._free) + DELAY

    def _feedback(self) -> None:
        heard = [
            i for i, (_, arrived) in enumerate(self._waiting) if arrived is not None and arrived <= self.now - DELAY
        ]
        if not heard:
            return
        told, self._waiting = self._waiting[: heard[-1] + 1], self._waiting[heard[-1] + 1 :]
        packets = self._sent.acknowledge(TransportFeedback(0, tuple(told)))
        self.estimate.feedback(packets, self.now)
        self.prober.acknowledged(packets, self.estimate, self.now)


def test_a_good_line_gets_the_best_picture_within_two_seconds() -> None:
    call = Call(Line()).run(2)
    assert call.levels[-1] == 2
    assert set(call.run(20).levels[-900:]) == {2}
    assert call.prober.sent <= 4


@pytest.mark.parametrize("queue", [0.3, 3.0])
def test_300_kbit_get_the_smallest_picture_and_no_standing_queue(queue: float) -> None:
    call = Call(Line(300_000, queue=queue)).run(30)
    settled = call.levels[150:]
    assert set(settled) == {0}
    assert 150_000 < call.estimate.bitrate < 320_000
    waits = sorted(call.delays[200:])
    assert waits[len(waits) * 95 // 100] < 0.1
    # Each probe that finds nothing makes the next one rarer.
    assert call.prober.sent <= 6


def test_60_kbit_get_sound_alone() -> None:
    call = Call(Line(60_000)).run(20)
    assert set(call.levels[300:]) == {PAUSED}


@pytest.mark.parametrize("loss", [0.02, 0.05, 0.15])
def test_loss_that_is_the_lines_own_costs_no_picture_for_long(loss: float) -> None:
    call = Call(Line(3_000_000, loss)).run(30)
    assert min(call.levels[50:]) >= 1
    assert set(call.levels[-500:]) == {2}


def test_bursts_are_no_congestion() -> None:
    call = Call(Line(3_000_000, bursts=(0.005, 0.2))).run(30)
    assert set(call.levels[-1000:]) == {2}


def test_a_policer_without_a_queue_is_found_by_its_losses() -> None:
    call = Call(Line(400_000, queue=0.02)).run(30)
    assert max(call.levels[250:]) <= 1
    assert call.estimate.loss < 0.1


def test_a_step_down_is_followed_at_once_and_a_step_up_slowly() -> None:
    call = Call(Line(2_000_000)).run(15)
    assert call.levels[-1] == 2
    call.line.rate = 300_000
    call.run(1.5)
    assert call.levels[-1] == 0
    call.run(15)
    call.line.rate = 2_000_000
    before = len(call.levels)
    call.run(30)
    back = next(i for i, level in enumerate(call.levels[before:]) if level == 2) * STEP
    assert 1 < back < 30


@pytest.mark.parametrize("seconds", [1, 30])
def test_a_cut_is_forgotten_when_it_is_over(seconds: int) -> None:
    call = Call(Line(2_000_000)).run(10)
    call.line.cut = True
    call.run(seconds)
    call.line.cut = False
    call.run(3)
    assert call.levels[-1] == 2


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, 50e3, 300e3, 2e6]), st.floats(0, 0.5), st.floats(0.01, 2), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 99),
)
def test_whatever_a_line_does_the_estimate_stays_in_its_bounds(
    steps: list[tuple[float | None, float, float, bool]], seed: int
) -> None:
    call = Call(Line(), seed)
    for rate, loss, queue, cut in steps:
        call.line = Line(rate, loss, queue, None, cut)
        call.run(2)
        assert LOWEST_BITRATE <= call.estimate.bitrate <= HIGHEST_BITRATE
        assert all(PAUSED <= level < len(LAYERS) for level in call.levels)


class TestAllocation:
    def test_stage_and_screen_come_before_thumbnails(self) -> None:
        demands = [
            Demand("screen", "a", (300e3,), True),
            Demand("stage", "a", LAYERS, True),
            *(Demand(f"thumbnail{n}", str(n), (100e3,), False) for n in range(3)),
        ]
        assert allocate(350e3, demands) == {
            "screen": 0, "stage": PAUSED, "thumbnail0": PAUSED, "thumbnail1": PAUSED, "thumbnail2": PAUSED,
        }  # fmt: skip
        assert allocate(450e3, demands)["stage"] == 0
        full = allocate(1350e3, demands)
        assert (full["stage"], full["thumbnail0"], full["thumbnail1"]) == (2, 0, PAUSED)

    @given(st.floats(0, 5e6), st.lists(st.integers(0, 3), max_size=6))
    def test_no_more_is_given_than_there_is(self, budget: float, layers: list[int]) -> None:
        demands = [Demand(str(n), "a", LAYERS[:count], n < 2) for n, count in enumerate(layers)]
        levels = allocate(budget, demands)
        spent = sum(LAYERS[level] for level in levels.values() if level != PAUSED)
        assert spent <= budget
        assert levels.keys() == {demand.slot for demand in demands}

    def test_a_bitrate_that_wavers_changes_nothing(self) -> None:
        ladder, demands = Ladder(), [Demand("stage", "a", LAYERS, True)]
        wavering: Callable[[int], float] = lambda step: 1_000_000 + 40_000 * (-1) ** step  # noqa: E731
        ladder.update(1_200_000, SOUND, demands, 0.0)
        levels = {ladder.update(wavering(step), SOUND, demands, step / 10)["stage"] for step in range(300)}
        assert levels == {2}

    def test_a_relapse_doubles_the_wait(self) -> None:
        ladder, demands = Ladder(), [Demand("stage", "a", LAYERS, True)]
        now, ups = 0.0, []
        for _ in range(4):
            while ladder.update(2e6, SOUND, demands, now)["stage"] < 2:
                now += 0.1
            ups.append(now)
            now += 1
            ladder.update(500e3, SOUND, demands, now)
        waits = [round(later - earlier) for earlier, later in itertools.pairwise(ups)]
        assert waits == [6, 11, 21]
