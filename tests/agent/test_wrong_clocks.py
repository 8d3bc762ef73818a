"""Samples of a machine whose clock is wrong, or steps, reach the hub with the time at which they were taken."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.clock import HubClock, Moment
from agent.queue import Queue
from agent.retiming import DamagedPayloadError, retime
from agent.samples import Sample, SampleSet, encode
from tests.agent.hub import decode

TRUE = 1_700_000_000.0
YEAR = 365 * 86_400.0
DAY = 86_400.0


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with Queue(tmp_path / "queue.db") as opened:
        yield opened


class Machine:
    """A machine on `queue`, whose clock is `wrong` seconds ahead of the truth."""

    def __init__(self, queue: Queue, wrong: float, boot: str = "boot-1", booted: float = TRUE) -> None:
        self.queue = queue
        self.wrong = wrong
        self.boot = boot
        self.booted = booted
        self.truths: list[int] = []

    def moment(self, true: float) -> Moment:
        return Moment(true + self.wrong, true - self.booted, self.boot)

    def measure(self, true: float, of: float | None = None) -> None:
        """A sample taken now; its value is the true time in ms. `of`: the moment it is said of, by its own clock."""
        moment = self.moment(true)
        said = moment.unix if of is None else of
        self.truths.append(round(true * 1000))
        self.queue.put(encode([SampleSet(said, (Sample("a", round(true * 1000)),))]), 1, moment)

    def hears(self, true: float) -> None:
        self.queue.learn_clock(self.boot, true - (true - self.booted) + 0.0)

    def sent(self, true: float) -> list[tuple[int, float]]:
        """(time, value) of everything that leaves."""
        found = []
        while (rows := self.queue.fix_batch(0, 1 << 62, 2000, self.moment(true))) is not None:
            batch = self.queue.load(*rows)
            assert batch is not None
            assert self.queue.load(*rows) == batch
            found += [(unix, value) for _labels, unix, value in decode(batch.payload)]
            self.queue.acknowledge(*rows, true)
        return found


@pytest.mark.parametrize("wrong", [DAY, -YEAR, -TRUE, 3.0, -3.0])
def test_a_clock_that_is_wrong_from_boot_on(queue: Queue, wrong: float) -> None:
    machine = Machine(queue, wrong)
    for second in range(0, 300, 15):
        machine.measure(TRUE + second)
    machine.hears(TRUE + 300)
    sent = machine.sent(TRUE + 300)
    assert len(sent) == 20
    assert all(unix == value for unix, value in sent)


@pytest.mark.parametrize("step", [YEAR, -DAY, 5.0, -5.0, 3600.0])
def test_a_clock_that_steps_within_the_backlog(queue: Queue, step: float) -> None:
    machine = Machine(queue, -step)
    for second in range(0, 150, 15):
        machine.measure(TRUE + second)
    machine.wrong = 0.0
    for second in range(150, 300, 15):
        machine.measure(TRUE + second)
    machine.hears(TRUE + 300)
    sent = machine.sent(TRUE + 300)
    assert len(sent) == 20
    assert all(unix == value for unix, value in sent)
    stepped = [one for one in queue.pending_events() if one.kind == "clock.stepped"]
    assert [round(one.detail["seconds"]) for one in stepped] == [round(step)]


def test_a_window_measured_before_the_step_and_said_after_it(queue: Queue) -> None:
    machine = Machine(queue, -YEAR)
    machine.measure(TRUE + 10)
    machine.wrong = 0.0
    machine.measure(TRUE + 20)
    queue.put(
        encode([SampleSet(TRUE - YEAR + 12, (Sample("late", (TRUE + 12) * 1000),))]), 1, machine.moment(TRUE + 25)
    )
    machine.hears(TRUE + 30)
    assert all(unix == value for unix, value in machine.sent(TRUE + 30))


def test_a_right_clock_changes_no_byte(queue: Queue) -> None:
    machine = Machine(queue, 1.5)
    machine.measure(TRUE)
    packed = queue._connection.execute("SELECT payload FROM rows").fetchone()[0]
    machine.hears(TRUE + 1)
    rows = queue.fix_batch(0, 1 << 62, 2000, machine.moment(TRUE + 1))
    assert rows is not None
    batch = queue.load(*rows)
    assert batch is not None
    assert batch.payload == zlib.decompress(packed)


def test_an_earlier_boot_that_heard_the_hub_is_known_too(queue: Queue) -> None:
    first = Machine(queue, -YEAR)
    first.hears(TRUE)
    first.measure(TRUE + 10)
    second = Machine(queue, -YEAR, "boot-2", booted=TRUE + 1000)
    second.measure(TRUE + 1010)
    second.hears(TRUE + 1020)
    sent = second.sent(TRUE + 1020)
    assert len(sent) == 2
    assert all(unix == value for unix, value in sent)


def test_a_boot_in_the_past_that_never_heard_the_hub_is_set_aside_and_counted(queue: Queue) -> None:
    first = Machine(queue, 0.0)
    first.measure(TRUE)
    first.hears(TRUE)
    assert len(first.sent(TRUE + 1)) == 1
    lost = Machine(queue, -YEAR, "boot-2", booted=TRUE + 1000)
    lost.measure(TRUE + 1010)
    sound = Machine(queue, 0.0, "boot-3", booted=TRUE + 2000)
    sound.measure(TRUE + 2010)
    sound.hears(TRUE + 2020)
    assert [value for _unix, value in sound.sent(TRUE + 2020)] == [(TRUE + 2010) * 1000]
    assert queue.status().dead_letter_samples == 1


def test_a_step_of_the_clock_drops_nothing_for_its_age(queue: Queue) -> None:
    machine = Machine(queue, -YEAR)
    machine.measure(TRUE)
    machine.wrong = 0.0
    machine.measure(TRUE + 15)
    machine.hears(TRUE + 20)
    machine.measure(TRUE + 30)
    assert queue.status().rows == 3
    machine.measure(TRUE + 31 * DAY)
    assert (queue.status().rows, dict(queue.status().dropped)) == (1, {"age": 3})


def test_the_hubs_clock_is_held_still_within_what_an_answer_can_tell() -> None:
    clock = HubClock()
    assert clock.heard("1000.5", 10.0, 11.0)
    assert clock.offset == 990.0
    assert not clock.heard("1002.3", 12.0, 12.1)
    assert clock.offset == 990.0
    assert clock.heard("5000", 20.0, 20.1)
    assert clock.offset == pytest.approx(4979.95)


def test_answers_that_took_long_tell_the_time_only_when_there_are_no_better_ones() -> None:
    clock = HubClock()
    assert not any(clock.heard("1000", 0.0, slow) for slow in (9.0, 6.0, 8.0, 9.0))
    assert clock.heard("1000", 0.0, 9.0)
    assert clock.offset == 997.0
    assert clock.heard("1000", 0.0, 0.1)
    assert clock.offset == pytest.approx(999.95)
    assert not any(clock.heard("1000", 0.0, 9.0) for _ in range(20))


@settings(deadline=None)
@given(st.text())
def test_any_header_is_a_time_or_nothing(text: str) -> None:
    HubClock().heard(text, 0.0, 1.0)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_dated_anew_or_damaged(payload: bytes) -> None:
    try:
        retime(payload, lambda unix: unix + 1)
    except DamagedPayloadError:
        return
