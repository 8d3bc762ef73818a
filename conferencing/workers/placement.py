"""Which worker takes a new room. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

OVERLOADED = 0.8
"""Of a core: a chosen margin, not a measured one; beyond it packets of rooms that are there would begin to wait."""


class OverloadedError(Exception):
    """Workers are there, and none can bear another room."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A worker as placement sees it; `peers` it holds now, `load` in cores."""

    connected: bool
    peers: int
    load: float = 0.0
    draining: bool = False

    @property
    def usable(self) -> bool:
        return self.connected and not self.draining


def choose(workers: Sequence[Candidate]) -> int | None:
    """Index of the least loaded worker; the last of several is a spare, taken when no other is there.

    Raises OverloadedError: the spare is for a worker that dies, not for one room more.
    """
    regular = workers[:-1] if len(workers) > 1 else workers
    usable = [(worker.peers, worker.load, index) for index, worker in enumerate(regular) if worker.usable]
    if usable:
        bearable = [one for one in usable if one[1] < OVERLOADED]
        if not bearable:
            raise OverloadedError
        return min(bearable)[2]
    return len(workers) - 1 if workers and workers[-1].usable else None
