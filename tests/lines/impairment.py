"""One direction of a line: when each packet comes out, if it does. Sans-IO: `now` is monotonic seconds."""

from __future__ import annotations

from enum import StrEnum
from random import Random

from tests.lines.spec import Direction


class Fate(StrEnum):
    PASSED = "passed"
    LOST = "lost"
    BURST = "burst"
    QUEUE = "queue"
    """Did not fit into the queue before the rate."""
    CUT = "cut"
    NAT = "nat"
    """Came from outside for an address or port that is mapped to nobody."""


class Impairment:
    def __init__(self, direction: Direction, random: Random) -> None:
        self.direction = direction
        self._random = random
        self._bad = False
        self._free_at = 0.0
        self._last_out = 0.0

    def replace(self, direction: Direction) -> None:
        """From now on. What waits keeps its time."""
        self.direction = direction

    def offer(self, size: int, now: float) -> tuple[Fate, tuple[float, ...]]:
        """What becomes of a packet of so many bytes, and when each copy of it leaves."""
        one = self.direction
        if one.cut:
            return Fate.CUT, ()
        if one.bursts is not None:
            self._bad = self._random.random() >= one.bursts.recover if self._bad else self._enters(one.bursts.enter)
            if self._bad:
                return Fate.BURST, ()
        if one.loss and self._random.random() < one.loss:
            return Fate.LOST, ()
        begin = now
        if one.rate is not None:
            waiting = max(0.0, self._free_at - now)
            if waiting * one.rate / 8 + size > one.queue_bytes:
                return Fate.QUEUE, ()
            begin = self._free_at = now + waiting + size * 8 / one.rate
        overtakes = bool(one.reorder) and self._random.random() < one.reorder
        out = begin if overtakes else begin + one.delay + self._random.random() * one.jitter
        if not overtakes:
            self._last_out = out = max(out, self._last_out)
        copies = 2 if one.duplicate and self._random.random() < one.duplicate else 1
        return Fate.PASSED, (out,) * copies

    def _enters(self, probability: float) -> bool:
        return self._random.random() < probability
