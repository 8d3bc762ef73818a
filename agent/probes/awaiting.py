"""Windows whose figures are said and whose losses are not yet: which way they went is open until an answer.

Run-length coded, so that an outage of weeks is a few runs; kept on disk by the caller across a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from agent.probes.unanswered import Run, Standing, Unanswered
from agent.wire.configuration import WINDOW_SECONDS


@dataclass(frozen=True, slots=True)
class AwaitingRun:
    """`unanswered` packets in each of `windows` successive windows from the Unix second `start` on."""

    start: int
    windows: int
    unanswered: int


@dataclass(slots=True)
class _Entry:
    ordinal: int
    start: int
    windows: int
    unanswered: int


class Awaiting:
    """First in, first out, by the windows' ordinals."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()

    def inherit(self, runs: Iterable[AwaitingRun]) -> Unanswered:
        """Take over what an earlier process left: its packets, whose way nobody can tell any more."""
        left = Unanswered()
        ordinal = 0
        for run in runs:
            self._entries.append(_Entry(ordinal, run.start, run.windows, run.unanswered))
            if run.unanswered:
                left.runs.append(Run(ordinal, run.windows, run.unanswered, Standing.SCHEDULED))
                left.chargeable += run.windows * run.unanswered
            ordinal += run.windows
        return left

    @property
    def next_ordinal(self) -> int:
        if not self._entries:
            return 0
        return self._entries[-1].ordinal + self._entries[-1].windows

    def ordinal_at(self, unix: float) -> int:
        """Of the last window that had begun by then, -1 when none had."""
        found = -1
        for entry in self._entries:
            begun = min(entry.windows, int((unix - entry.start) // WINDOW_SECONDS) + 1)
            if begun > 0:
                found = entry.ordinal + begun - 1
        return found

    def add(self, ordinal: int, start: int, unanswered: int) -> None:
        if self._entries:
            last = self._entries[-1]
            follows = last.ordinal + last.windows == ordinal and last.start + last.windows * WINDOW_SECONDS == start
            if follows and last.unanswered == unanswered:
                last.windows += 1
                return
        self._entries.append(_Entry(ordinal, start, 1, unanswered))

    def pop_before(self, ordinal: int | None) -> tuple[int, int] | None:
        """(ordinal, start) of the first window if it is before this one; None means any."""
        if not self._entries:
            return None
        first = self._entries[0]
        found = first.ordinal, first.start
        if ordinal is not None and first.ordinal >= ordinal:
            return None
        first.ordinal += 1
        first.start += WINDOW_SECONDS
        first.windows -= 1
        if not first.windows:
            self._entries.popleft()
        return found

    def runs(self) -> tuple[AwaitingRun, ...]:
        return tuple(AwaitingRun(one.start, one.windows, one.unanswered) for one in self._entries)
