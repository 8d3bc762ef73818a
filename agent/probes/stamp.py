"""The sender's side of a line's measurement by STAMP (RFC 8762): what to send when, and what it showed.

Sans-IO: it opens no socket and reads no clock. `now` is monotonic seconds, `unix` the wall clock. Call `due`
at `next_due` or later, send what it returns and tell it of each; hand every datagram to `receive`; take
`reports`. Which way losses went is told by docs/protocol.md section 2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor

from agent.probes.awaiting import Awaiting, AwaitingRun
from agent.probes.port_session import READY_SECONDS, Answer, Arrival, Packet, PortSession
from agent.probes.schedule import Schedule
from agent.probes.scouting import STRAIGHT_LOSSES, Scouting
from agent.probes.unanswered import Fate, Gap, Losses, Standing, Unanswered
from agent.probes.windows import Report, Window, WindowLosses
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS, WINDOW_SECONDS
from agent.wire.stamp import SenderPacket, StampError, decode_reflector, encode_sender, from_ntp

PAUSE_SECONDS = 1.0
"""A process that was not run for so long was paused, or its machine suspended."""
OPENING_SECONDS = 10.0
"""The reflector may learn of a new session so long after the node has."""
UNTAKEN_REPORTS = 720
"""Two hours of windows are held while the disk takes none; then the oldest go."""
SKIPPED_SPAN_SECONDS = 3600.0
"""After a longer pause the windows before the last hour are not said at all."""

_NO_TIMESTAMP = from_ntp(0)


@dataclass(frozen=True, slots=True)
class Transmit:
    """A datagram to send from the node's `port` (a number of this session's own, opened at first use)."""

    port: int
    payload: bytes
    standing: Standing
    late: bool = False


class StampSession:
    """`awaiting`: what `awaiting()` of an earlier process said last."""

    def __init__(
        self,
        ssid: int,
        key: bytes,
        packets_per_second: int,
        now: float,
        unix: float,
        awaiting: Iterable[AwaitingRun] = (),
    ) -> None:
        self.rejected = 0
        """Datagrams that were no valid answer to this session."""
        self.answered = 0
        """Packets answered in time since the beginning."""
        self._ssid = ssid
        self._key = key
        self._packets_per_second = packets_per_second
        self._schedule = Schedule(packets_per_second, now, unix)
        self._awaiting = Awaiting()
        self._inherited = self._awaiting.inherit(awaiting)
        self._gaps: deque[Gap] = deque()
        self._record = PortSession(0, opening_until=now + OPENING_SECONDS)
        self._next_port = 1
        self._retired: list[PortSession] = []
        self._scouting = Scouting()
        self._window = Window.of(self._awaiting.next_ordinal, now, unix)
        self._open = {self._window.ordinal: self._window}
        self._reports: deque[Report] = deque(maxlen=UNTAKEN_REPORTS)
        self._last_due = now
        self._clock_offset = unix - now
        self._jitter = 0.0
        self._last_arrived_round_trip: float | None = None
        self._last_sent_round_trip: float | None = None

    @property
    def next_due(self) -> float:
        return self._schedule.next_time

    @property
    def ports(self) -> frozenset[int]:
        """Ports on which answers are awaited; all others can be closed."""
        scout = (self._scouting.session,) if self._scouting.session else ()
        return frozenset(session.port for session in (*self._live_retired, self._record, *scout))

    @property
    def straight_losses(self) -> int:
        return self._record.straight_losses

    @property
    def ports_tried(self) -> int:
        return self._scouting.tried

    def due(self, now: float, unix: float) -> list[Transmit]:
        """What to send now. Hand in all datagrams that have come before calling."""
        self._notice_pause(now, unix)
        self._settle(now)
        turn = self._schedule.turn(now)
        if turn.skipped:
            self._skip(turn.skipped, now, unix)
        transmits = []
        if turn.place is not None:
            self._advance(now, unix)
            transmits.append(self._transmit(self._record, unix, Standing.SCHEDULED, turn.late))
            silent = self._record.straight_losses >= STRAIGHT_LOSSES
            if silent and turn.place % self._packets_per_second == 0:
                scout = self._scouting.next_session(self._next_port, self._record.reflector_start)
                self._next_port = max(self._next_port, scout.port + 1)
                transmits.append(self._transmit(scout, unix, Standing.UNSCHEDULED))
        self._say(now)
        return transmits

    def sent(self, transmit: Transmit, now: float) -> None:
        """It was handed to the system at `now`."""
        session = self._session(transmit.port)
        if session is None:
            return
        session.sent(now, self._window.ordinal, transmit.standing)
        if transmit.standing is Standing.SCHEDULED:
            self._window.sent += 1
            self._window.late_sends += transmit.late

    def not_sent(self, transmit: Transmit) -> None:
        """This machine could not send it."""
        if transmit.standing is Standing.SCHEDULED:
            self._window.skipped += 1

    def receive(self, datagram: bytes, port: int, received_at: float) -> None:
        """A datagram came to `port`; `received_at` by the monotonic clock."""
        session = self._session(port)
        try:
            reply = decode_reflector(datagram, self._key)
        except StampError:
            self.rejected += 1
            return
        # Our own packet sent back to us verifies as well, but no reflector has received it.
        reflected = reply.receive_timestamp != _NO_TIMESTAMP
        if session is None or reply.ssid != self._ssid or not reflected:
            self.rejected += 1
            return
        answer = session.receive(reply, received_at)
        if session is self._scouting.session:
            if answer.arrival is Arrival.IN_TIME and self._scouting.answered():
                self._move()
            return
        self._count(answer)
        if session is self._record and answer.arrival is not Arrival.FOREIGN:
            self._scouting.stop()

    def move(self, now: float, charged_until: float | None) -> None:
        """The reflector is asked under another address from now on, where it counts anew: a session of its own.

        What stayed unanswered was the earlier address' fault, but for what was sent up to `charged_until`.
        """
        self._settle(now)
        until = -1
        if charged_until is not None:
            begun = [one.ordinal for one in self._open.values() if one.ends_at - WINDOW_SECONDS <= charged_until]
            until = max(begun, default=self._awaiting.ordinal_at(charged_until + self._clock_offset))
        self._record.leave(until)
        self._retired.append(self._record)
        self._record = PortSession(self._next_port, opening_until=now + OPENING_SECONDS)
        self._next_port += 1
        self._scouting.stop()

    def reports(self, limit: int) -> list[Report]:
        """At most so many, in time order for each series. Call again while it returns `limit`."""
        found: list[Report] = []
        while self._reports and len(found) < limit:
            found.append(self._reports.popleft())
        unresolved = self._unresolved_window()
        while len(found) < limit:
            window = self._awaiting.pop_before(unresolved)
            if window is None:
                break
            found.append(WindowLosses(window[1], self._take(window[0])))
        self._retired = [one for one in self._retired if one.gaps or not one.drained]
        return found

    def awaiting(self) -> tuple[AwaitingRun, ...]:
        """Windows whose losses are still to be said, for the next process if this one ends."""
        return self._awaiting.runs()

    def close(self, now: float) -> None:
        """End of measuring: windows that are over are said at once, without what is still in flight.

        The window that still runs is not said: the next process may measure the rest of it.
        """
        self._settle(now)
        for session in (*self._retired, self._record):
            for packet in session.in_flight:
                window = self._open.get(packet.window)
                if window is not None and packet.standing is not Standing.UNSCHEDULED:
                    window.sent -= 1
            session.forget_in_flight()
        for window in list(self._open.values()):
            if window.ends_at <= now:
                self._say_window(window)

    # windows

    def _advance(self, at: float, unix: float) -> None:
        """Make the window of this moment the present one."""
        following = self._window.followed(at, unix)
        if following is not None:
            self._window = self._open[following.ordinal] = following

    def _skip(self, places: range, now: float, unix: float) -> None:
        interval = self._schedule.interval_seconds
        places = places[-ceil(SKIPPED_SPAN_SECONDS / interval) :]
        place = places.start
        while place < places.stop:
            at = self._schedule.time_of(place)
            its_unix = unix - (now - at)
            self._advance(at, its_unix)
            end = floor(its_unix / WINDOW_SECONDS) * WINDOW_SECONDS + WINDOW_SECONDS
            count = min(max(1, ceil((end - its_unix) / interval)), places.stop - place)
            self._window.skipped += count
            place += count

    def _say(self, now: float) -> None:
        unsettled = [session.unsettled_window for session in (*self._retired, self._record)]
        earliest = min((one for one in unsettled if one is not None), default=self._window.ordinal)
        for window in list(self._open.values()):
            over = now >= window.ends_at + LOSS_TIMEOUT_SECONDS and window.ordinal < earliest
            if window is self._window or not over:
                break
            self._say_window(window)

    def _say_window(self, window: Window) -> None:
        del self._open[window.ordinal]
        self._reports.append(window.figures())
        self._awaiting.add(window.ordinal, window.start, window.sent - window.received)

    # sessions

    @property
    def _live_retired(self) -> list[PortSession]:
        return [session for session in self._retired if not session.drained]

    def _session(self, port: int) -> PortSession | None:
        for session in (self._record, self._scouting.session, *self._retired):
            if session is not None and session.port == port:
                return session
        return None

    def _transmit(self, session: PortSession, unix: float, standing: Standing, late: bool = False) -> Transmit:
        packet = SenderPacket(session.next_sequence_number, unix, self._ssid)
        return Transmit(session.port, encode_sender(packet, self._key), standing, late)

    def _notice_pause(self, now: float, unix: float) -> None:
        offset = unix - now
        # A suspended machine's monotonic clock stands still while the wall clock goes on.
        if now - self._last_due > PAUSE_SECONDS or offset - self._clock_offset > PAUSE_SECONDS:
            for session in (self._record, *self._retired):
                session.excuse()
        self._last_due, self._clock_offset = now, offset

    def _settle(self, now: float) -> None:
        for session in self._retired:
            session.settle(now)
            if session.drained:
                restarted = session.reflector_start != self._record.reflector_start
                session.abandon(Fate.UNMEASURED if restarted else Fate.UNKNOWN)
        if self._scouting.session is not None:
            self._scouting.session.settle(now)
        for packet in self._record.settle(now):
            self._vary(packet)
        if self._record.ever_answered and self._inherited.runs:
            self._resolve_inherited()

    def _resolve_inherited(self) -> None:
        """Windows of the process before: lost, unless the reflector has begun since and may not have been there."""
        until = -1
        if (began_at := self._record.reflector_began_at) is not None:
            until = self._awaiting.ordinal_at(began_at + READY_SECONDS + self._clock_offset)
        for left, fate in zip(self._inherited.split(until), (Fate.UNMEASURED, Fate.UNKNOWN), strict=True):
            if left.runs:
                self._gaps.append(Gap(left, 0, fate, -1))
        self._inherited = Unanswered()

    def _move(self) -> None:
        """Only the scout is answered: its port becomes the session's."""
        scout = self._scouting.session
        assert scout is not None
        self._retired.append(self._record)
        self._record = scout
        self._scouting.stop()

    def _count(self, answer: Answer) -> None:
        if answer.packet is not None and answer.packet.standing is Standing.UNSCHEDULED:
            return
        match answer.arrival:
            case Arrival.LATE:
                self._window.late += 1
            case Arrival.DUPLICATE:
                self._window.duplicate += 1
            case Arrival.FOREIGN:
                self.rejected += 1
            case Arrival.IN_TIME if answer.packet is not None:
                self._measure(answer.packet, answer.reordered)

    def _measure(self, packet: Packet, reordered: bool) -> None:
        if self._last_arrived_round_trip is not None:
            difference = abs(packet.round_trip - self._last_arrived_round_trip)
            self._jitter += (difference - self._jitter) / 16
        self._last_arrived_round_trip = packet.round_trip
        self._window.reordered += reordered
        window = self._open[packet.window]
        window.received += 1
        self.answered += 1
        window.jitter = self._jitter
        window.round_trips.append(packet.round_trip)

    def _vary(self, packet: Packet) -> None:
        if packet.received_at is None or packet.standing is Standing.UNSCHEDULED:
            return
        if self._last_sent_round_trip is not None:
            difference = abs(packet.round_trip - self._last_sent_round_trip)
            self._open[packet.window].variations.append(difference)
        self._last_sent_round_trip = packet.round_trip

    # losses

    def _unresolved_window(self) -> int | None:
        """The earliest window with a packet whose fate is open."""
        found = [session.unresolved_window for session in (*self._retired, self._record)]
        found.append(self._inherited.first_window)
        return min((one for one in found if one is not None), default=None)

    def _take(self, window: int) -> Losses:
        losses = Losses()
        for gaps in (self._gaps, *(session.gaps for session in (*self._retired, self._record))):
            while gaps and (first := gaps[0].first_window) is not None and first <= window:
                losses += gaps[0].take(window)
                if gaps[0].first_window is not None:
                    break
                gaps.popleft()
        return losses
