"""ICMP echo to one address, as windows: when to ask, and what became of each request.

Sans-IO: `now` is monotonic seconds, `unix` the wall clock. Unlike STAMP it knows no direction: the far end
keeps no count.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil

from agent.probes.schedule import Schedule
from agent.probes.windows import Window, WindowFigures
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS

STRAIGHT_LOSSES = 10
"""So many unanswered in a row call for another id: a NAT can pin a flow to a dead way (blackbox_exporter#591)."""
PAUSE_SECONDS = 1.0
REMEMBERED_SECONDS = 60.0
UNTAKEN_FIGURES = 720
SKIPPED_SPAN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Request:
    """To be sent from the socket `port` (a number of this session's own, opened at first use)."""

    port: int
    sequence_number: int
    late: bool


@dataclass(slots=True)
class _Asked:
    sent_at: float
    window: int
    port: int
    excused: bool = False
    answered: bool = False
    came_late: bool = False


class EchoSession:
    """Sequence numbers have 16 bits; `REMEMBERED_SECONDS` of them are known at a time."""

    def __init__(self, interval_seconds: float, now: float, unix: float) -> None:
        self.straight_losses = 0
        self.answered = 0
        self._schedule = Schedule(1.0 / interval_seconds, now, unix)
        self._port = 0
        self._losses_of_port = 0
        self._next_number = 0
        self._asked: dict[int, _Asked] = {}
        self._open: deque[int] = deque()
        """Numbers not yet settled, in the order of sending."""
        self._window = Window.of(0, now, unix)
        self._windows = {0: self._window}
        self._figures: deque[WindowFigures] = deque(maxlen=UNTAKEN_FIGURES)
        self._last_due = now
        self._clock_offset = unix - now

    @property
    def next_due(self) -> float:
        return self._schedule.next_time

    @property
    def ports(self) -> frozenset[int]:
        """Sockets on which answers are awaited; all others can be closed."""
        return frozenset((self._port, *(self._asked[number].port for number in self._open)))

    def due(self, now: float, unix: float) -> Request | None:
        """What to send now. Hand in all answers that have come before calling."""
        self._notice_pause(now, unix)
        self._settle(now)
        turn = self._schedule.turn(now)
        if turn.skipped:
            self._skip(turn.skipped, now, unix)
        if turn.place is None:
            self._say(now)
            return None
        self._advance(now, unix)
        self._say(now)
        number = self._next_number
        self._next_number = (number + 1) & 0xFFFF
        return Request(self._port, number, turn.late)

    def sent(self, request: Request, now: float) -> None:
        self._asked[request.sequence_number] = _Asked(now, self._window.ordinal, request.port)
        self._open.append(request.sequence_number)
        self._window.sent += 1
        self._window.late_sends += request.late

    def not_sent(self, _request: Request) -> None:
        """This machine could not send it."""
        self._window.skipped += 1

    def receive(self, port: int, number: int, received_at: float) -> None:
        """A valid answer to the request of this number came to the socket `port`."""
        asked = self._asked.get(number)
        if asked is None or asked.port != port:
            return
        if asked.answered or asked.came_late:
            self._window.duplicate += 1
            return
        self.straight_losses = self._losses_of_port = 0
        window = self._windows.get(asked.window)
        elapsed = received_at - asked.sent_at
        if elapsed > LOSS_TIMEOUT_SECONDS or window is None or asked.excused:
            asked.came_late = True
            self._window.late += not asked.excused
            return
        asked.answered = True
        self.answered += 1
        window.received += 1
        window.round_trips.append(max(0.0, elapsed))

    @property
    def has_figures(self) -> bool:
        return bool(self._figures)

    def figures(self) -> list[WindowFigures]:
        """Windows that are over and settled since the last call, in time order."""
        found = list(self._figures)
        self._figures.clear()
        return found

    def close(self, now: float) -> None:
        """End of measuring: what is over is said, without what is still in flight."""
        self._settle(now)
        for number in self._open:
            asked = self._asked[number]
            if not asked.answered and (window := self._windows.get(asked.window)) is not None:
                window.sent -= 1
        self._open.clear()
        for window in list(self._windows.values()):
            if window.ends_at <= now:
                self._say_window(window)

    def _settle(self, now: float) -> None:
        while self._open:
            asked = self._asked[self._open[0]]
            if not asked.answered:
                if now - asked.sent_at < LOSS_TIMEOUT_SECONDS:
                    break
                self._lost(asked)
            self._open.popleft()
        while self._asked:
            number, asked = next(iter(self._asked.items()))
            if now - asked.sent_at < REMEMBERED_SECONDS:
                break
            del self._asked[number]

    def _lost(self, asked: _Asked) -> None:
        if asked.excused:
            # This machine was paused while the answer was due.
            window = self._windows[asked.window]
            window.sent -= 1
            window.skipped += 1
            return
        self.straight_losses += 1
        if asked.port == self._port:
            self._losses_of_port += 1
        if self._losses_of_port >= STRAIGHT_LOSSES:
            self._losses_of_port = 0
            self._port += 1

    def _notice_pause(self, now: float, unix: float) -> None:
        offset = unix - now
        longest = self._schedule.interval_seconds + PAUSE_SECONDS
        # A suspended machine's monotonic clock stands still while the wall clock goes on.
        if now - self._last_due > longest or offset - self._clock_offset > PAUSE_SECONDS:
            for number in self._open:
                self._asked[number].excused = not self._asked[number].answered
        self._last_due, self._clock_offset = now, offset

    # windows

    def _advance(self, at: float, unix: float) -> None:
        """Make the window of this moment the present one."""
        following = self._window.followed(at, unix)
        if following is not None:
            self._window = self._windows[following.ordinal] = following

    def _skip(self, places: range, now: float, unix: float) -> None:
        for place in places[-ceil(SKIPPED_SPAN_SECONDS / self._schedule.interval_seconds) :]:
            at = self._schedule.time_of(place)
            self._advance(at, unix - (now - at))
            self._window.skipped += 1

    def _say(self, now: float) -> None:
        earliest = self._asked[self._open[0]].window if self._open else self._window.ordinal
        for window in list(self._windows.values()):
            over = now >= window.ends_at + LOSS_TIMEOUT_SECONDS and window.ordinal < earliest
            if window is self._window or not over:
                break
            self._say_window(window)

    def _say_window(self, window: Window) -> None:
        del self._windows[window.ordinal]
        self._figures.append(window.figures())
