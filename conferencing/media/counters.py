"""What a worker counts. Reasons of drops are a bounded set of names given in code, never text of a peer."""

from __future__ import annotations

from collections import Counter


class Counters:
    """Totals since the process started."""

    __slots__ = ("bytes_forwarded", "bytes_received", "drops", "packets_forwarded", "packets_received")

    def __init__(self) -> None:
        self.packets_received = 0
        self.bytes_received = 0
        self.packets_forwarded = 0
        self.bytes_forwarded = 0
        self.drops: Counter[str] = Counter()

    def drop(self, reason: str) -> None:
        self.drops[reason] += 1
