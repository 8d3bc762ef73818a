"""Episodes of a line from the states of its minutes: runs of one kind of trouble, and silences between. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collector.quality.judgement import RANK

SILENCE_SECONDS = 120
"""Fewer missing seconds between two minutes are no episode: an agent was restarted, or is a moment late."""
NO_DATA = "no_data"
_KINDS = {"weak": "weak", "bad": "weak", "down": "down", NO_DATA: NO_DATA}


@dataclass(frozen=True, slots=True)
class Run:
    """`ended` None: it goes on. `state`: the worst of it."""

    began: int
    ended: int | None
    state: str

    @property
    def kind(self) -> str:
        """Weak and bad are one trouble, getting better and worse; down and silent are others."""
        return _KINDS[self.state]

    def holds(self, minute: int) -> bool:
        return self.began <= minute and (self.ended is None or minute < self.ended)


def runs(points: Sequence[tuple[int, str]], horizon: float | None) -> list[Run]:
    """From (minute, state) in order of time. `horizon`: now, for a line that should be measured; None: nothing is
    concluded from the silence after the last minute."""
    found: list[Run] = []
    current: Run | None = None
    previous: int | None = None
    for minute, state in points:
        silent = previous is not None and minute - previous - 60 >= SILENCE_SECONDS
        if current is not None and previous is not None and (silent or _KINDS.get(state) != current.kind):
            found.append(replace(current, ended=previous + 60))
            current = None
        if silent and previous is not None:
            found.append(Run(previous + 60, minute, NO_DATA))
        if current is not None:
            current = replace(current, state=worse(current.state, state))
        elif state in _KINDS:
            current = Run(minute, None, state)
        previous = minute
    if previous is not None and horizon is not None and horizon - previous - 60 >= SILENCE_SECONDS:
        if current is not None:
            found.append(replace(current, ended=previous + 60))
        found.append(Run(previous + 60, None, NO_DATA))
    elif current is not None:
        found.append(current)
    return found


def worse(one: str, other: str) -> str:
    return max(one, other, key=lambda state: RANK.get(state, -1))
