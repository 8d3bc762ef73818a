"""Several windows of one line folded into the figures of a minute. Pure; the order of windows does not matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from collector.quality import emodel
from collector.quality.quantiles import has_distribution, pooled_quantile
from collector.quality.windows import BUCKET_FIELDS, Values, counted


@dataclass(frozen=True, slots=True)
class Figures:
    """Times in seconds. Until it is known which way a loss went it is in `lost_unknown`."""

    sent: int
    received: int
    lost_up: int
    lost_down: int
    lost_unknown: int
    unmeasured: int
    late: int
    duplicate: int
    reordered: int
    skipped: int
    late_sends: int
    loss_bursts: int
    rtt_min: float | None
    rtt_p50: float | None
    rtt_p95: float | None
    rtt_max: float | None
    rtt_buckets: list[int] | None
    jitter: float | None
    ipdv_p95: float | None
    burst_r: float | None
    r: float | None
    mos: float | None

    @property
    def measured(self) -> int:
        """Packets that count for loss."""
        return self.sent - self.unmeasured

    @property
    def lost(self) -> int:
        return self.lost_up + self.lost_down + self.lost_unknown

    @property
    def loss_ratio(self) -> float | None:
        return share(self.lost, self.measured)


def share(lost: int, measured: int) -> float | None:
    """Loss as a ratio, 0..1; None when nothing was measured. Late answers can be said twice: never above 1."""
    return min(1.0, lost / measured) if measured > 0 else None


def fold(windows: Sequence[Values]) -> Figures:
    """Figures of those windows that say enough."""
    known = [values for values in windows if counted(values)]
    distributions = [values for values in known if has_distribution(values)]
    sent, received = _total(known, "sent"), _total(known, "received")
    # Window by window, because an excess in one must not hide a loss in another.
    unmeasured = sum(min(_count(one, "unmeasured"), _missing(one)) for one in known)
    lost_up, lost_down = _total(known, "lost_up"), _total(known, "lost_down")
    lost_unknown = sum(_unexplained(one) for one in known)
    lost = lost_up + lost_down + lost_unknown
    bursts = _total(known, "loss_bursts")
    rtt_p50 = pooled_quantile(distributions, 0.5)
    jitter = _mean(known, "jitter")
    burst_r = r = mos = None
    if sent > unmeasured:
        burst_r = emodel.burst_ratio(lost, bursts, sent - unmeasured)
        r = _rating(rtt_p50, jitter, min(1.0, lost / (sent - unmeasured)), burst_r)
        mos = emodel.mos(r) if r is not None else None
    return Figures(
        sent=sent,
        received=received,
        lost_up=lost_up,
        lost_down=lost_down,
        lost_unknown=lost_unknown,
        unmeasured=unmeasured,
        late=_total(known, "late"),
        duplicate=_total(known, "duplicate"),
        reordered=_total(known, "reordered"),
        skipped=_total(known, "skipped"),
        late_sends=_total(known, "late_sends"),
        loss_bursts=bursts,
        rtt_min=min((one["rtt_min"] for one in distributions), default=None),
        rtt_p50=rtt_p50,
        rtt_p95=pooled_quantile(distributions, 0.95),
        rtt_max=max((one["rtt_max"] for one in distributions), default=None),
        rtt_buckets=_buckets(known),
        jitter=jitter,
        ipdv_p95=max((one["ipdv_p95"] for one in known if "ipdv_p95" in one), default=None),
        burst_r=burst_r,
        r=r,
        mos=mos,
    )


def _rating(rtt: float | None, jitter: float | None, loss_ratio: float, burst_r: float) -> float | None:
    if loss_ratio >= 1:
        return 0.0  # nothing came through: there is no speech to rate
    if rtt is None:
        return None
    return emodel.rating(rtt, jitter or 0.0, loss_ratio, burst_r)


def _count(values: Values, field: str) -> int:
    return int(values.get(field, 0))


def _total(windows: Sequence[Values], field: str) -> int:
    return sum(_count(values, field) for values in windows)


def _missing(values: Values) -> int:
    return max(0, _count(values, "sent") - _count(values, "received"))


def _unexplained(values: Values) -> int:
    explained = _count(values, "unmeasured") + _count(values, "lost_up") + _count(values, "lost_down")
    return max(0, _missing(values) - explained)


def _mean(windows: Sequence[Values], field: str) -> float | None:
    found = [values[field] for values in windows if field in values]
    return math.fsum(found) / len(found) if found else None


def _buckets(windows: Sequence[Values]) -> list[int] | None:
    whole = [values for values in windows if all(field in values for field in BUCKET_FIELDS)]
    return [_total(whole, field) for field in BUCKET_FIELDS] if whole else None
