"""Quantiles of several windows together, from what each said of its own distribution.

Buckets alone are too coarse for a fast line, and quantiles of quantiles are wrong when windows differ; both
together give each window a distribution that is exact at 25 points.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector.quality.windows import BUCKET_FIELDS, RTT_FIELDS, Values

_RANKS = (0.0, 0.5, 0.95, 1.0)


class Distribution:
    """Round-trip times of one window: seconds and the share of answers within them, both rising."""

    def __init__(self, values: Values) -> None:
        self.weight = values["received"]
        low, high = values["rtt_min"], values["rtt_max"]
        points = [(values[field], rank) for field, rank in zip(RTT_FIELDS, _RANKS, strict=True)]
        points += [
            (bound, values[field] / self.weight)
            for bound, field in zip(RTT_BUCKETS_SECONDS, BUCKET_FIELDS, strict=False)
            if field in values and low <= bound < high
        ]
        self.seconds: list[float] = []
        self.shares: list[float] = []
        share = 0.0
        for at, one in sorted(points):
            share = min(1.0, max(share, one))
            self.seconds.append(at)
            self.shares.append(share)

    def share_below(self, seconds: float) -> float:
        """Share of answers that took less."""
        after = bisect_left(self.seconds, seconds)
        if after == len(self.seconds):
            return 1.0
        if after == 0:
            return self.shares[0] if self.seconds[0] == seconds else 0.0
        left, right = self.seconds[after - 1], self.seconds[after]
        part = (seconds - left) / (right - left)
        return self.shares[after - 1] + part * (self.shares[after] - self.shares[after - 1])

    def share_within(self, seconds: float) -> float:
        """Share of answers that took at most so long: many may have taken exactly so long."""
        after = bisect_right(self.seconds, seconds)
        if after and self.seconds[after - 1] == seconds:
            return self.shares[after - 1]
        return self.share_below(seconds)


def has_distribution(values: Values) -> bool:
    return values.get("received", 0) >= 1 and all(field in values for field in RTT_FIELDS)


def pooled_quantile(windows: Sequence[Values], rank: float) -> float | None:
    """Seconds within which the share `rank` of all answers came; None when there are none."""
    pool = [Distribution(values) for values in windows if has_distribution(values)]
    if not pool:
        return None
    total = sum(one.weight for one in pool)
    before, before_share = 0.0, 0.0
    for at in sorted({seconds for one in pool for seconds in one.seconds}):
        below = sum(one.weight * one.share_below(at) for one in pool) / total
        if below >= rank > before_share:
            return before + (at - before) * (rank - before_share) / (below - before_share)
        before, before_share = at, sum(one.weight * one.share_within(at) for one in pool) / total
        if before_share >= rank:
            return at
    return before
