"""Holds storms of traps in bounds: the same one within 5 s is one, each source has its share. Sans-IO."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum

SAME_SECONDS = 5.0
PER_MINUTE = 12
MAX_REMEMBERED = 1024


class Verdict(Enum):
    TAKEN = "taken"
    DUPLICATE = "duplicate"
    LIMITED = "limited"
    UNKNOWN = "unknown"
    """From an address that is no device of this node."""
    DAMAGED = "damaged"


class TrapGate:
    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._tokens: dict[str, tuple[float, float]] = {}
        self.counted: dict[Verdict, int] = dict.fromkeys(Verdict, 0)

    def count(self, verdict: Verdict) -> Verdict:
        self.counted[verdict] += 1
        return verdict

    def look(self, source: str, said: str, now: float) -> Verdict:
        """`said`: what the trap says, without its time."""
        while self._seen and (
            len(self._seen) > MAX_REMEMBERED or next(iter(self._seen.values())) < now - SAME_SECONDS
        ):
            self._seen.popitem(last=False)
        if (source, said) in self._seen:
            return self.count(Verdict.DUPLICATE)
        self._seen[source, said] = now
        tokens, at = self._tokens.get(source, (float(PER_MINUTE), now))
        tokens = min(float(PER_MINUTE), tokens + max(0.0, now - at) * PER_MINUTE / 60)
        if tokens < 1:
            self._tokens[source] = tokens, now
            return self.count(Verdict.LIMITED)
        self._tokens[source] = tokens - 1, now
        return self.count(Verdict.TAKEN)
