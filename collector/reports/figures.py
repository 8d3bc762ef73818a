"""From days to the figures of a month. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector.quality import load
from collector.quality.profile import Limits
from collector.reports.model import DayFigures, Figures, Kept, Limit

PROVIDERS_CAUSES = ("provider", "upstream")
LOAD_DAYS = 7


@dataclass(slots=True)
class Sums:
    """What adds up over days and lines. Names as in collector.tables.LineDay."""

    minutes: int = 0
    lost_minutes: int = 0
    lost_by_cause: Counter[str] = field(default_factory=Counter)
    good: int = 0
    weak: int = 0
    bad: int = 0
    down: int = 0
    measured: int = 0
    lost_up: int = 0
    lost_down: int = 0
    lost_unknown: int = 0
    rtt_weight: int = 0
    rtt_sum: float = 0.0
    rtt_max: float | None = None
    rtt_buckets: list[int] | None = None
    jitter_sum: float = 0.0
    jitter_minutes: int = 0
    mos_sum: float = 0.0
    mos_minutes: int = 0

    def add(self, other: Sums) -> None:
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.lost_by_cause.update(other.lost_by_cause)
        if other.rtt_max is not None:
            self.rtt_max = max(other.rtt_max, self.rtt_max or 0.0)
        if other.rtt_buckets is not None:
            held = self.rtt_buckets or [0] * len(other.rtt_buckets)
            self.rtt_buckets = [one + more for one, more in zip(held, other.rtt_buckets, strict=True)]


_ADDED = (
    "minutes", "lost_minutes", "good", "weak", "bad", "down", "measured", "lost_up", "lost_down", "lost_unknown",
    "rtt_weight", "rtt_sum", "jitter_sum", "jitter_minutes", "mos_sum", "mos_minutes",
)  # fmt: skip


def figures(sums: Sums, possible_minutes: int) -> Figures:
    theirs = sum(sums.lost_by_cause[cause] for cause in PROVIDERS_CAUSES)
    return Figures(
        minutes=sums.minutes,
        possible_minutes=possible_minutes,
        lost_minutes=sums.lost_minutes,
        lost_by_cause=dict(sorted(sums.lost_by_cause.items())),
        availability=_left(sums.lost_minutes, sums.minutes),
        provider_availability=_left(theirs, sums.minutes),
        good_minutes=sums.good,
        weak_minutes=sums.weak,
        bad_minutes=sums.bad,
        down_minutes=sums.down,
        loss=_loss(sums),
        loss_up=_ratio(sums.lost_up, sums.measured),
        loss_down=_ratio(sums.lost_down, sums.measured),
        rtt_mean=_ratio(sums.rtt_sum, sums.rtt_weight),
        rtt_p95=quantile(sums, 0.95),
        jitter_mean=_ratio(sums.jitter_sum, sums.jitter_minutes),
        mos_mean=_ratio(sums.mos_sum, sums.mos_minutes),
    )


def day_figures(days: Mapping[date, Sums]) -> tuple[DayFigures, ...]:
    return tuple(
        DayFigures(
            day,
            sums.minutes,
            sums.lost_minutes,
            _left(sums.lost_minutes, sums.minutes),
            _loss(sums),
            _ratio(sums.rtt_sum, sums.rtt_weight),
            quantile(sums, 0.95),
        )
        for day, sums in sorted(days.items())
    )


def together(many: Iterable[Sums]) -> Sums:
    total = Sums()
    for one in many:
        total.add(one)
    return total


def by_day(many: Iterable[Mapping[date, Sums]]) -> dict[date, Sums]:
    found: dict[date, Sums] = defaultdict(Sums)
    for one in many:
        for day, sums in one.items():
            found[day].add(sums)
    return found


def quantile(sums: Sums, rank: float) -> float | None:
    """Seconds; from cumulative buckets, straight within one, never above the longest that was seen."""
    buckets = sums.rtt_buckets
    if not buckets or buckets[-1] <= 0:
        return None
    wanted = rank * buckets[-1]
    before, below = 0.0, 0
    for bound, count in zip((*RTT_BUCKETS_SECONDS, math.inf), buckets, strict=True):
        if count >= wanted:
            upper = bound if math.isfinite(bound) else max(before, sums.rtt_max or before)
            found = before + (upper - before) * (wanted - below) / (count - below) if count > below else upper
            return min(found, sums.rtt_max) if sums.rtt_max is not None else found
        before, below = bound, count
    return before


def worst_load(days: Mapping[date, bytes | None], last: date) -> tuple[float | None, float | None]:
    """P95 down and up (bit/s) of the busiest seven days: windows that end each week, and the one that ends last."""
    unpacked = {day: load.unpack(packed) for day, packed in days.items() if packed}
    ends = {day for day in unpacked if day.day % LOAD_DAYS == 0} | {last}
    found: list[list[float]] = [[], []]
    for end in ends:
        window = [unpacked[day] for day in unpacked if 0 <= (end - day).days < LOAD_DAYS]
        for direction in (0, 1):
            value = load.p95(sample for both in window for sample in both[direction])
            if value is not None:
                found[direction].append(value)
    return max(found[0], default=None), max(found[1], default=None)


def limits_of(
    figures: Figures,
    limits: Limits,
    loads: tuple[float | None, float | None],
    contract_mbits: tuple[float | None, float | None],
    speeds: Mapping[str, Sequence[float]],
) -> dict[str, Limit]:
    """`speeds`: direction → ratios of the tests; their median counts."""
    ratios = [
        used / (contract * 1e6) if used is not None and contract else None
        for used, contract in zip(loads, contract_mbits, strict=True)
    ]
    return {
        "availability": _at_least(figures.availability, limits.availability),
        "delay": _at_most(figures.rtt_mean, limits.delay_mean_seconds),
        "download": _at_least(_median(speeds.get("down", ())), limits.speed_ratio),
        "upload": _at_least(_median(speeds.get("up", ())), limits.speed_ratio),
        "load_down": _at_most(ratios[0], limits.load_ratio),
        "load_up": _at_most(ratios[1], limits.load_ratio),
    }


def _at_least(value: float | None, limit: float) -> Limit:
    return Limit(value, limit, _kept(None if value is None else value >= limit))


def _at_most(value: float | None, limit: float) -> Limit:
    return Limit(value, limit, _kept(None if value is None else value <= limit))


def _kept(kept: bool | None) -> Kept:
    return "unknown" if kept is None else "kept" if kept else "broken"


def _median(values: Sequence[float]) -> float | None:
    return sorted(values)[(len(values) - 1) // 2] if values else None


def _left(lost: int, whole: int) -> float | None:
    return 1 - lost / whole if whole else None


def _loss(sums: Sums) -> float | None:
    lost = sums.lost_up + sums.lost_down + sums.lost_unknown
    return min(1.0, lost / sums.measured) if sums.measured else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
