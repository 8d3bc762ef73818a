"""Which worker takes a new room. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A worker as placement sees it; `peers` are those it holds now."""

    connected: bool
    peers: int


def choose(workers: Sequence[Candidate]) -> int | None:
    """Index of the least loaded connected worker; the last of several is a spare, taken when no other is there."""
    regular = workers[:-1] if len(workers) > 1 else workers
    connected = [(worker.peers, index) for index, worker in enumerate(regular) if worker.connected]
    if connected:
        return min(connected)[1]
    return len(workers) - 1 if workers and workers[-1].connected else None
