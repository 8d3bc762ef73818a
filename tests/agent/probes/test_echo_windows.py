"""ICMP echo as windows: what is counted when, without a network."""

from __future__ import annotations

from collections.abc import Callable

from agent.probes.echo import EchoSession
from agent.probes.icmp import FAMILIES, sample_sets
from agent.probes.windows import WindowFigures
from agent.wire import families

UNIX = 1_700_000_000.0


class Target:
    """Answers as told; `seconds(number)` None: never."""

    def __init__(self, seconds: Callable[[int], float | None], interval: float = 1.0) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.session = EchoSession(interval, self.now, UNIX)
        self.answers: list[tuple[float, int, int]] = []
        self.figures: list[WindowFigures] = []
        self.ports: list[int] = []

    def run(self, until: float) -> None:
        while self.session.next_due <= until:
            self.now = max(self.now, self.session.next_due)
            self.answers.sort()
            while self.answers and self.answers[0][0] <= self.now:
                at, port, number = self.answers.pop(0)
                self.session.receive(port, number, at)
            request = self.session.due(self.now, UNIX + self.now)
            if request is not None:
                self.session.sent(request, self.now)
                self.ports.append(request.port)
                seconds = self.seconds(request.sequence_number)
                if seconds is not None:
                    self.answers.append((self.now + seconds, request.port, request.sequence_number))
            self.figures += self.session.figures()
        self.now = until


def test_a_window_is_said_once_its_last_request_is_settled() -> None:
    target = Target(lambda _number: 0.02)
    target.run(15.2)
    assert target.figures == []
    target.run(34)
    assert [(one.start - UNIX, one.sent, one.received) for one in target.figures] == [(0, 10, 10), (10, 10, 10)]


def test_unanswered_requests_are_lost_in_the_window_of_their_sending() -> None:
    target = Target(lambda number: None if 7 <= number <= 11 else 0.02)
    target.run(40)
    assert [one.received for one in target.figures[:2]] == [7, 8]


def test_an_answer_after_the_timeout_is_late_and_not_received() -> None:
    target = Target(lambda number: 7.3 if number == 3 else 0.02)
    target.run(40)
    assert [one.received for one in target.figures[:2]] == [9, 10]
    assert [one.late for one in target.figures[:2]] == [0, 1]


def test_after_ten_straight_losses_another_id_asks() -> None:
    target = Target(lambda number: None if number < 18 else 0.02)
    target.run(40)
    assert target.ports[0] == 0
    assert max(target.ports) == 1
    assert target.session.straight_losses == 0


def test_a_paused_machine_skips_and_does_not_lose() -> None:
    target = Target(lambda _number: 0.02)
    target.run(3.2)
    target.answers.clear()
    target.now = 120.0
    target.run(160)
    whole = [one for one in target.figures if one.start - UNIX <= 130]
    assert sum(one.sent - one.received for one in whole) == 0
    assert sum(one.skipped for one in whole) >= 110


def test_every_window_stands_for_all_its_places() -> None:
    target = Target(lambda number: 0.02 if number % 3 else None)
    target.run(200)
    assert all(one.sent + one.skipped == 10 for one in target.figures)


def test_a_request_that_could_not_be_sent_is_skipped() -> None:
    session = EchoSession(1.0, 0.0, UNIX)
    at = 0.0
    figures: list[WindowFigures] = []
    while at < 30:
        at = session.next_due
        if request := session.due(at, UNIX + at):
            session.not_sent(request)
        figures += session.figures()
    assert (figures[0].sent, figures[0].skipped) == (0, 10)


def test_long_sequences_wrap() -> None:
    target = Target(lambda _number: 0.02, interval=0.1)
    target.session._next_number = 0xFFF0
    target.run(60)
    assert all(one.received == one.sent == 100 for one in target.figures)


def test_samples_are_those_described() -> None:
    target = Target(lambda _number: 0.02)
    target.run(20)
    (one,) = sample_sets("gateway", "192.168.1.1", target.figures)
    assert one.unix == UNIX + 10
    assert {sample.name for sample in one.samples} == {family.name for family in FAMILIES}
    assert {name for key, name in vars(families).items() if key.startswith("ICMP_")} == {one.name for one in FAMILIES}
    labels = (("address", "192.168.1.1"), ("target", "gateway"))
    assert all(sample.labels[:2] == labels for sample in one.samples)
    buckets = [sample.value for sample in one.samples if sample.name == families.ICMP_RTT_BUCKET]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 10
