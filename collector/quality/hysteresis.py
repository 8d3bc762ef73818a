"""From the levels of single minutes to states that last: worse after some minutes in a row, better after more. Pure.

The state of a minute follows from the state before it and the last few levels; nothing else is remembered, so after a
change the same states come out again as soon as these agree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from collector.quality.judgement import RANK, Level
from collector.quality.profile import Limits

MAX_GAP_SECONDS = 300
"""Over a longer time without measurements nothing is carried on: the line begins as good."""


@dataclass(slots=True)
class Course:
    """A line's way through its measured minutes, in order of time."""

    limits: Limits
    state: Level = "good"
    minute: int | None = None
    """The last one, Unix seconds of its start."""
    recent: deque[Level] = field(init=False)

    def __post_init__(self) -> None:
        self.recent = deque(maxlen=max(self.limits.worse_after_minutes, self.limits.better_after_minutes))

    def resume(self, before: Iterable[tuple[int, Level, Level]]) -> None:
        """Go on after minutes judged before, in order of time: (minute, level, state)."""
        for minute, level, state in before:
            self._leave_gap(minute)
            self.recent.append(level)
            self.minute, self.state = minute, state

    def step(self, minute: int, level: Level) -> Level:
        """The state in that minute."""
        self._leave_gap(minute)
        self.recent.append(level)
        self.minute = minute
        self.state = _next(self.state, list(self.recent), self.limits)
        return self.state

    def _leave_gap(self, minute: int) -> None:
        if self.minute is not None and minute - self.minute > MAX_GAP_SECONDS:
            self.recent.clear()
            self.state = "good"


def states(minutes: Iterable[tuple[int, Level]], limits: Limits) -> Iterator[tuple[int, Level]]:
    """Of a line from its beginning on."""
    course = Course(limits)
    for minute, level in minutes:
        yield minute, course.step(minute, level)


def _next(held: Level, recent: list[Level], limits: Limits) -> Level:
    if recent[-1] == "down":
        return "down"
    worse = recent[-limits.worse_after_minutes :]
    if len(worse) == limits.worse_after_minutes:
        least = min(worse, key=RANK.__getitem__)
        if RANK[least] > RANK[held]:
            return least
    better = recent[-limits.better_after_minutes :]
    if len(better) == limits.better_after_minutes:
        most = max(better, key=RANK.__getitem__)
        if RANK[most] < RANK[held]:
            return most
    return held
