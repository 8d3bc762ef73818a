"""Unanswered probe packets in the order of sending, run-length coded by window, and what became of them.

An outage of days is a handful of runs. Knows nothing of packets' bytes, of replies or of time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

MAX_RUNS = 20_000
"""About 2 MiB. Only a machine that keeps missing its schedule through an outage of weeks comes near."""


class Standing(Enum):
    SCHEDULED = auto()
    """Part of the measurement."""
    EXCUSED = auto()
    """This machine was paused while the answer was due: not to be charged to the line."""
    UNSCHEDULED = auto()
    """Sent to try a new port: reaches the reflector like any other, but no window counts it."""


class Fate(Enum):
    """What became of those unanswered packets of a gap that are not known to have been lost down."""

    UP = auto()
    UNKNOWN = auto()
    UNMEASURED = auto()


@dataclass(slots=True)
class Run:
    """`packets` in each of `windows` successive windows from the ordinal `window` on."""

    window: int
    windows: int
    packets: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class Losses:
    """What became of the unanswered packets of one window, by now."""

    up: int = 0
    down: int = 0
    unknown: int = 0
    unmeasured: int = 0
    bursts: int = 0

    def __add__(self, other: Losses) -> Losses:
        return Losses(
            self.up + other.up,
            self.down + other.down,
            self.unknown + other.unknown,
            self.unmeasured + other.unmeasured,
            self.bursts + other.bursts,
        )


@dataclass(slots=True)
class Unanswered:
    """The packets since the last answered one. Grows at the end only; the last run is of one window."""

    runs: deque[Run] = field(default_factory=deque)
    chargeable: int = 0
    """Packets that are not excused: those among which the reflector's count is shared out."""

    def add(self, window: int, standing: Standing) -> None:
        self.chargeable += standing is not Standing.EXCUSED
        if self.runs:
            last = self.runs[-1]
            if (last.window, last.windows, last.standing) == (window, 1, standing):
                last.packets += 1
                return
            self._fold()
        self.runs.append(Run(window, 1, 1, standing))

    def _fold(self) -> None:
        if len(self.runs) < 2:
            return
        before, last = self.runs[-2], self.runs[-1]
        follows = before.window + before.windows == last.window
        if follows and (before.packets, before.standing) == (last.packets, last.standing):
            before.windows += 1
            self.runs.pop()

    def split(self, window: int) -> tuple[Unanswered, Unanswered]:
        """What was sent up to the end of this window, and what was sent later."""
        early, late = Unanswered(), Unanswered()
        for run in self.runs:
            count = min(max(0, window + 1 - run.window), run.windows)
            if count:
                early._append(Run(run.window, count, run.packets, run.standing))
            if count < run.windows:
                late._append(Run(run.window + count, run.windows - count, run.packets, run.standing))
        return early, late

    def _append(self, run: Run) -> None:
        self.runs.append(run)
        if run.standing is not Standing.EXCUSED:
            self.chargeable += run.windows * run.packets

    @property
    def first_window(self) -> int | None:
        return self.runs[0].window if self.runs else None

    @property
    def overflowing(self) -> bool:
        return len(self.runs) > MAX_RUNS


@dataclass(slots=True)
class Gap:
    """Unanswered packets whose fate is settled: `down` of the chargeable ones, and `fate` for the rest.

    Within one gap the reflector says how many arrived, not which: those are spread evenly over it.
    """

    unanswered: Unanswered
    down: int
    fate: Fate
    position: int
    """The reflector's sequence number that ended the gap."""
    _taken: int = 0
    _burst_said: bool = False

    @property
    def untouched(self) -> bool:
        """Whether no window has been told yet, so that the fate can still be bettered."""
        return self._taken == 0 and not self._burst_said

    @property
    def charged_up(self) -> int:
        return self.unanswered.chargeable - self.down if self.fate is Fate.UP else 0

    @property
    def first_window(self) -> int | None:
        return self.unanswered.first_window

    def take(self, window: int) -> Losses:
        """The share of the window with this ordinal. Windows are asked for in rising order, each once."""
        found = Losses()
        runs = self.unanswered.runs
        while runs and runs[0].window <= window:
            run = runs[0]
            found += self._share(run.packets, run.standing)
            run.window += 1
            run.windows -= 1
            if not run.windows:
                runs.popleft()
        return found

    def _share(self, packets: int, standing: Standing) -> Losses:
        if standing is Standing.EXCUSED:
            return Losses(unmeasured=packets)
        total = self.unanswered.chargeable
        begin, self._taken = self._taken, self._taken + packets
        down = self._taken * self.down // total - begin * self.down // total
        if standing is Standing.UNSCHEDULED:
            return Losses()
        rest = packets - down
        lost = down if self.fate is Fate.UNMEASURED else packets
        bursts = int(lost > 0 and not self._burst_said)
        self._burst_said = self._burst_said or lost > 0
        match self.fate:
            case Fate.UP:
                return Losses(up=rest, down=down, bursts=bursts)
            case Fate.UNKNOWN:
                return Losses(unknown=rest, down=down, bursts=bursts)
            case Fate.UNMEASURED:
                return Losses(unmeasured=rest, down=down, bursts=bursts)
