"""One STAMP test session: one source port's packets, what was answered, and what became of the rest.

Knows neither windows' figures nor the schedule: it is told the ordinal of the window a packet belongs to.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from agent.probes.directions import Directions
from agent.probes.unanswered import Fate, Gap, Standing, Unanswered
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS, WINDOW_SECONDS
from agent.wire.stamp import ReflectorPacket

READY_SECONDS = 5.0
"""A reflector that has started knows its sessions' keys by then."""
REMEMBERED_SECONDS = 60.0
"""So long a packet is remembered after it was sent, to tell a late answer from a duplicate."""


@dataclass(slots=True)
class Packet:
    """One sent packet. `sent_at`, `received_at`: monotonic seconds."""

    sequence_number: int
    sent_at: float
    window: int
    standing: Standing
    floor: int
    """Highest number received from the reflector before this packet was sent: its own must be higher."""
    epoch: int
    number: int = -1
    received_at: float | None = None
    round_trip: float = 0.0
    came_late: bool = False
    reflector_age: float | None = None
    """Seconds since the reflector began to count, by its own clock; None when it does not say."""


class Arrival(Enum):
    IN_TIME = auto()
    LATE = auto()
    DUPLICATE = auto()
    FOREIGN = auto()
    """Answers nothing that this session sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    arrival: Arrival
    packet: Packet | None = None
    reordered: bool = False


class PortSession:
    """`reflector_start`: the last known start of the reflector, 0 when it does not say.
    `opening_until`: an answer before this time starts the measurement; what was sent before it and did not
    reach the reflector is then unmeasured, because the reflector may not have known the session yet.
    """

    def __init__(self, port: int, reflector_start: int = 0, opening_until: float = 0.0) -> None:
        self.port = port
        self.reflector_start = reflector_start
        self.next_sequence_number = 0
        self.straight_losses = 0
        self.ever_answered = False
        self.reflector_began_at: float | None = None
        self.gaps: deque[Gap] = deque()
        self._opening_until = opening_until
        self._known_alive_at = 0.0
        self._epoch = 0
        self._epoch_fate: dict[int, Fate] = {}
        self._starts = {0: reflector_start}
        self._floor = -1
        self._highest_answered = -1
        self._settled = 0
        self._packets: dict[int, Packet] = {}
        self._directions = Directions()
        self._tail = Unanswered()

    @property
    def unresolved_window(self) -> int | None:
        """Ordinal of the earliest window with a packet whose fate is open."""
        first = self._tail.first_window
        return self.unsettled_window if first is None else first

    @property
    def unsettled_window(self) -> int | None:
        """Ordinal of the earliest window with a packet that may still be answered in time."""
        packet = self._packets.get(self._settled)
        return packet.window if packet else None

    @property
    def drained(self) -> bool:
        """Whether every packet was answered or has timed out."""
        return self._settled == self.next_sequence_number

    @property
    def in_flight(self) -> list[Packet]:
        """Packets neither answered nor timed out."""
        packets = (self._packets[number] for number in range(self._settled, self.next_sequence_number))
        return [packet for packet in packets if packet.received_at is None]

    def sent(self, now: float, window: int, standing: Standing) -> None:
        number = self.next_sequence_number
        self._packets[number] = Packet(number, now, window, standing, self._floor, self._epoch)
        self.next_sequence_number += 1
        if number == 0:
            # Before its first packet a session has nothing to ask of the reflector.
            self._known_alive_at = now

    def forget_in_flight(self) -> None:
        """End of measuring: what is in flight will not be judged."""
        while self._packets.pop(self._settled, None) is not None:
            self._settled += 1

    def excuse(self) -> None:
        """This machine was paused: what was in flight and stays unanswered is not the line's fault."""
        for packet in self.in_flight:
            if packet.standing is Standing.SCHEDULED:
                packet.standing = Standing.EXCUSED

    def receive(self, reply: ReflectorPacket, received_at: float) -> Answer:
        number = reply.sender_sequence_number
        if number >= self.next_sequence_number:
            return Answer(Arrival.FOREIGN)
        self.straight_losses = 0
        packet = self._packets.get(number)
        if packet is None:
            return Answer(Arrival.LATE)
        if packet.received_at is not None or packet.came_late:
            self._directions.saw(reply.sequence_number, packet.epoch)
            return Answer(Arrival.DUPLICATE, packet)
        epoch = self._epoch_of(packet, reply)
        if epoch == self._epoch:
            self._floor = max(self._floor, reply.sequence_number)
        elapsed = received_at - packet.sent_at
        if elapsed > LOSS_TIMEOUT_SECONDS or number < self._settled:
            packet.came_late = True
            return Answer(Arrival.LATE, packet)
        # The reflector's own dwell is no part of the round trip (RFC 8762 section 4.4).
        dwell = reply.timestamp - reply.receive_timestamp
        packet.round_trip = max(0.0, elapsed - dwell if 0 <= dwell < elapsed else elapsed)
        packet.received_at = received_at
        packet.number = reply.sequence_number
        if reply.reflector_start:
            packet.reflector_age = max(0.0, reply.timestamp - reply.reflector_start)
            self.reflector_began_at = received_at - packet.reflector_age
        packet.epoch = epoch
        self._directions.saw(reply.sequence_number, epoch)
        reordered = number < self._highest_answered
        self._highest_answered = max(number, self._highest_answered)
        self.ever_answered = True
        return Answer(Arrival.IN_TIME, packet, reordered)

    def settle(self, now: float) -> list[Packet]:
        """Packets that have become final, in the order of sending; their fates go into `gaps`."""
        settled = []
        while (packet := self._packets.get(self._settled)) is not None:
            if packet.received_at is None and now - packet.sent_at < LOSS_TIMEOUT_SECONDS:
                break
            self._settled += 1
            settled.append(packet)
            if packet.received_at is None:
                self._lost(packet)
            elif packet.epoch >= self._directions.epoch:
                self._close(packet)
        self._directions.reconcile(now)
        self._forget(now)
        return settled

    def abandon(self, fate: Fate) -> None:
        """No answer will come to this port any more: the fate of what is open is this."""
        if self._tail.runs:
            self.gaps.append(Gap(self._tail, 0, fate, -1))
            self._tail = Unanswered()

    def leave(self, until: int) -> None:
        """Nothing is sent here any more, and the line is not to blame: charge it with what was unanswered in windows
        up to the ordinal `until` alone.
        """
        self.excuse()
        for left, fate in zip(self._tail.split(until), (Fate.UNKNOWN, Fate.UNMEASURED), strict=True):
            if left.runs:
                self.gaps.append(Gap(left, 0, fate, -1))
        self._tail = Unanswered()

    def _lost(self, packet: Packet) -> None:
        self._tail.add(packet.window, packet.standing)
        if packet.standing is not Standing.EXCUSED:
            self.straight_losses += 1
        if self._tail.overflowing:
            self.abandon(Fate.UNKNOWN)

    def _close(self, packet: Packet) -> None:
        assert packet.received_at is not None
        fate, until = Fate.UP, None
        if packet.epoch > self._directions.epoch:
            fate = self._epoch_fate.pop(packet.epoch, Fate.UNMEASURED)
        if packet.received_at <= self._opening_until:
            fate = Fate.UNMEASURED
        elif self._reflector_began_within(packet) and fate is not Fate.UNKNOWN:
            # What was sent since it was ready again is measured, however long the silence before.
            ready = max(0.0, (packet.reflector_age or 0.0) - READY_SECONDS)
            fate, until = Fate.UP, packet.window - int(ready // WINDOW_SECONDS)
        self._opening_until = 0.0
        self._known_alive_at = packet.received_at
        self.gaps += self._directions.close(self._tail, packet.number, packet.epoch, packet.received_at, fate, until)
        self._tail = Unanswered()

    def _reflector_began_within(self, packet: Packet) -> bool:
        """Whether the reflector says that it began to count since the gap before this packet began."""
        assert packet.received_at is not None
        age = packet.reflector_age
        return age is not None and age < packet.received_at - self._known_alive_at

    def _epoch_of(self, packet: Packet, reply: ReflectorPacket) -> int:
        """Which uninterrupted count of the reflector the reply's number belongs to."""
        start = reply.reflector_start
        if start and self.reflector_start and start != self.reflector_start:
            known = [epoch for epoch, its_start in self._starts.items() if its_start == start]
            if known:
                return known[-1]
            self.reflector_start = start
            return self._begin_epoch(Fate.UNMEASURED)
        same_reflector = bool(start) and start == self.reflector_start
        if not self.reflector_start:
            self.reflector_start = self._starts[self._epoch] = start
        below = reply.sequence_number <= packet.floor
        if packet.epoch < self._epoch:
            restarted_since = bool(start) and start != self._starts[packet.epoch]
            return self._epoch if below or restarted_since else packet.epoch
        if below:
            # The count began again. With the reflector known to be the same one, our address changed on
            # the way (a new PPPoE session, an expired NAT mapping): lost, but nobody counted which way.
            return self._begin_epoch(Fate.UNKNOWN if same_reflector else Fate.UNMEASURED)
        return self._epoch

    def _begin_epoch(self, fate: Fate) -> int:
        self._epoch += 1
        self._epoch_fate[self._epoch] = fate
        self._starts[self._epoch] = self.reflector_start
        self._floor = -1
        return self._epoch

    def _forget(self, now: float) -> None:
        while self._packets:
            number, packet = next(iter(self._packets.items()))
            if number >= self._settled or now - packet.sent_at < REMEMBERED_SECONDS:
                return
            del self._packets[number]
