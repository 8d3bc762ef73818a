"""How late the event loop is: what is due now and runs later waits behind somebody who does not let go."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

INTERVAL_SECONDS = 0.25
BOUNDS_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class LoopDelay:
    """`counts`: of delays up to each bound and, last, of those over all; not cumulative."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_SECONDS) + 1)
    sum_seconds: float = 0.0

    def buckets(self) -> Sequence[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        bounds = [*(str(bound) for bound in BOUNDS_SECONDS), "+Inf"]
        return [(bound, float(sum(self.counts[: index + 1]))) for index, bound in enumerate(bounds)]


@dataclass
class LoopDelayMeter:
    """Owned by the loop that it measures."""

    _counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_SECONDS) + 1))
    _sum: float = 0.0

    def record(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1
        self._sum += seconds

    def delay(self) -> LoopDelay:
        return LoopDelay(tuple(self._counts), self._sum)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            self.record(max(0.0, loop.time() - due))
