"""What is normal on this machine: learned for seven days, then what is new is told when it was seen twice. Sans-IO.

The seven days are counted in looks, not by the clock: time in which the machine was off, or a step of its clock,
teaches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEARNING_SECONDS = 7 * 86_400.0
LONGEST_STEP_SECONDS = 900.0
"""A longer pause between two looks is not learning."""
FORGET_SECONDS = 90 * 86_400.0
MAX_KNOWN = 2048
SEEN_AGAIN_SECONDS = 86_400.0
SIGHTINGS = 2


@dataclass(frozen=True, slots=True)
class New:
    """`since`: Unix seconds of the first sighting."""

    key: str
    since: float


class Baseline:
    def __init__(self, memory: Mapping[str, Any] | None = None, learning_seconds: float = LEARNING_SECONDS) -> None:
        held = memory or {}
        self._learning_seconds = learning_seconds
        self._learnt: float = held.get("learnt", 0.0)
        self._last: float | None = held.get("last")
        self._known: dict[str, float] = dict(held.get("known", {}))
        self._pending: dict[str, tuple[float, int]] = {
            key: (one[0], one[1]) for key, one in held.get("pending", {}).items()
        }

    @property
    def learning(self) -> bool:
        return self._learnt < self._learning_seconds

    def knows(self, key: str) -> bool:
        return key in self._known

    def look(self, present: Mapping[str, Any], now: float) -> list[New]:
        """What is new for certain. `present`: all that is there now, by key; the values are not looked at."""
        if self._last is not None:
            self._learnt += min(max(now - self._last, 0.0), LONGEST_STEP_SECONDS)
        self._last = now
        if self.learning:
            for key in present:
                self._see(key, now)
            return []
        for key in [one for one in self._pending if one not in present]:
            del self._pending[key]
        new = []
        for key in present:
            if key in self._known:
                self._see(key, now)
                continue
            since, sightings = self._pending.get(key, (now, 0))
            if sightings + 1 >= SIGHTINGS:
                self._pending.pop(key, None)
                self._see(key, now)
                new.append(New(key, since))
            elif len(self._pending) < MAX_KNOWN:
                self._pending[key] = since, sightings + 1
        self._forget(now)
        return new

    def memory(self) -> dict[str, Any]:
        return {
            "learnt": self._learnt,
            "last": self._last,
            "known": dict(self._known),
            "pending": {key: list(one) for key, one in self._pending.items()},
        }

    def _see(self, key: str, now: float) -> None:
        if now - self._known.get(key, 0.0) >= SEEN_AGAIN_SECONDS or self._known.get(key, 0.0) > now:
            self._known[key] = now

    def _forget(self, now: float) -> None:
        for key in [one for one, seen in self._known.items() if now - seen > FORGET_SECONDS]:
            del self._known[key]
        while len(self._known) > MAX_KNOWN:
            del self._known[min(self._known, key=self._known.__getitem__)]
