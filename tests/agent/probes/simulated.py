"""A node and a reflector over a line that loses, delays and repeats as told, with its own log of the truth."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from agent.probes.stamp import StampSession
from agent.probes.unanswered import Standing
from agent.probes.windows import WindowFigures, WindowLosses
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS
from agent.wire.stamp import ReflectorPacket, decode_sender, encode_reflector

KEY = bytes(range(32))
SSID = 7
UNIX = 1_700_000_000.0
"""A multiple of ten."""

Delays = Callable[[int, float], tuple[float, ...]]
"""(how many packets went this way before, now) → the delay of each copy; none is lost."""


def clear(delay: float = 0.01) -> Delays:
    return lambda _index, _now: (delay,)


def losing(pattern: Callable[[int], bool], delay: float = 0.01) -> Delays:
    return lambda index, _now: () if pattern(index) else (delay,)


def cut(begin: float, end: float, delay: float = 0.01) -> Delays:
    return lambda _index, now: () if begin <= now < end else (delay,)


@dataclass
class Reflector:
    """Stateful (RFC 8762 section 4.3): one count per source address and port."""

    start: int = 0
    says_start: bool = False
    counts: Counter[object] = field(default_factory=Counter)

    def reflect(self, datagram: bytes, source: object, unix: float) -> bytes:
        packet = decode_sender(datagram, KEY)
        number = self.counts[source]
        self.counts[source] += 1
        start = self.start if self.says_start else 0
        return encode_reflector(
            ReflectorPacket(number, unix, packet.ssid, unix, packet.sequence_number, packet.timestamp, 64, start),
            KEY,
        )


class Simulation:
    """Time begins at 0; `up` and `down` may be replaced while it runs."""

    def __init__(self, up: Delays | None = None, down: Delays | None = None, **options: Any) -> None:
        self.now = 0.0
        self.offset = UNIX
        self.up, self.down = up or clear(), down or clear()
        self.reflector: Reflector | None = Reflector()
        self.address: object = "198.51.100.7"
        self.pinned: set[int] = set()
        """Ports whose packets a NAT sends into the void."""
        self.fates: dict[int, Counter[str]] = {}
        """By window: what truly became of each scheduled packet."""
        self.figures: dict[int, WindowFigures] = {}
        self.losses: dict[int, WindowLosses] = {}
        self.order: list[tuple[str, int]] = []
        self.sends_fail = False
        self._indices = [count(), count()]
        self._tie = count()
        self._events: list[tuple[float, int, str, Any]] = []
        self.session = self.start(**options)

    def start(self, **options: Any) -> StampSession:
        self.address = (self.address, "another port")
        self.session = StampSession(
            SSID,
            KEY,
            options.pop("packets_per_second", 10),
            self.now,
            self.now + self.offset,
            **options,
        )
        return self.session

    def run(self, until: float) -> None:
        while True:
            due = self.session.next_due
            arrival = self._events[0][0] if self._events else float("inf")
            moment = min(due, arrival)
            if moment > until:
                break
            self.now = max(self.now, moment)
            if arrival <= due:
                self._deliver()
            else:
                self._send()
        self.now = until
        self.take()

    def pause(self, seconds: float) -> None:
        """The process does not run; the network and the kernel's buffers do."""
        waiting: list[tuple[float, int, str, Any]] = []
        resume = self.now + seconds
        while self._events and self._events[0][0] <= resume:
            event = self._events[0]
            if event[2] == "node":
                waiting.append(heapq.heappop(self._events))
            else:
                self.now = event[0]
                self._deliver()
        self.now = resume
        for at, _tie, _kind, (port, datagram) in waiting:
            self.session.receive(datagram, port, at)

    def take(self) -> None:
        while reports := self.session.reports(50):
            for report in reports:
                start = round(report.start - UNIX)
                kind = type(report).__name__
                self.order.append((kind, start))
                if isinstance(report, WindowFigures):
                    assert start not in self.figures
                    self.figures[start] = report
                else:
                    assert start not in self.losses
                    self.losses[start] = report

    def truth(self, name: str) -> dict[int, int]:
        return {window: fates[name] for window, fates in self.fates.items()}

    def total(self, name: str) -> int:
        return sum(getattr(one.losses, name) for one in self.losses.values())

    def _send(self) -> None:
        unix = self.now + self.offset
        for transmit in self.session.due(self.now, unix):
            if self.sends_fail:
                self.session.not_sent(transmit)
                continue
            self.session.sent(transmit, self.now)
            window = int((unix - UNIX) // 10 * 10)
            scheduled = transmit.standing is Standing.SCHEDULED
            note = (window, self.now, scheduled)
            copies = self.up(next(self._indices[0]), self.now) if transmit.port not in self.pinned else ()
            if not copies:
                self._note(note, "up")
            for index, delay in enumerate(copies):
                self._push(delay, "reflector", (transmit.port, transmit.payload, note, index))
        self.take()

    def _deliver(self) -> None:
        _at, _tie, kind, what = heapq.heappop(self._events)
        if kind == "node":
            port, datagram = what
            if port in self.session.ports:
                self.session.receive(datagram, port, self.now)
            return
        port, payload, note, index = what
        if self.reflector is None:
            self._note(note, "unreflected")
            return
        reply = self.reflector.reflect(payload, (self.address, port), self.now + self.offset)
        copies = self.down(next(self._indices[1]), self.now)
        if not copies and not index:
            self._note(note, "down")
        for repeat, delay in enumerate(copies):
            if not repeat and not index:
                late = self.now + delay - note[1] > LOSS_TIMEOUT_SECONDS
                self._note(note, "late" if late else "answered")
            self._push(delay, "node", (port, reply))

    def _note(self, note: tuple[int, float, bool], fate: str) -> None:
        window, _sent_at, scheduled = note
        if scheduled:
            self.fates.setdefault(window, Counter())[fate] += 1

    def _push(self, delay: float, kind: str, what: Any) -> None:
        heapq.heappush(self._events, (self.now + delay, next(self._tie), kind, what))


def assert_true_to_the_log(simulation: Simulation) -> None:
    """Each unanswered packet is charged to the way it was lost on, by the line's own log."""
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
