"""Whether a line is good, weak or bad: its last minute against limits, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

from collector.quality.figures import Figures
from collector.snapshot import State


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond `weak` a line needs attention, beyond `bad` a meeting on it suffers."""

    loss_weak: float = 0.02
    loss_bad: float = 0.05
    """Ours: no rule sets one."""
    jitter_weak_seconds: float = 0.030
    """Ours."""
    rtt_weak_seconds: float = 0.050
    """QCVN 34:2019: mean delay of at most 50 ms."""
    rtt_bad_seconds: float = 0.300
    """Ours, from ITU-T G.114."""
    mos_weak: float = 4.03
    """ITU-T G.109: below R = 80 some users are dissatisfied."""
    mos_bad: float = 3.60
    """ITU-T G.109: below R = 70 many users are dissatisfied."""


LIMITS = Limits()


def judge(figures: Figures, limits: Limits = LIMITS) -> tuple[State, tuple[str, ...]]:
    """State of a line and which limits it breaks, the graver ones only when there are such."""
    loss = figures.loss_ratio
    if loss is None:
        return "no_data", ()
    bad = _broken(
        loss=loss > limits.loss_bad,
        rtt=_above(figures.rtt_p50, limits.rtt_bad_seconds),
        mos=_below(figures.mos, limits.mos_bad),
    )
    if bad:
        return "bad", bad
    weak = _broken(
        loss=loss > limits.loss_weak,
        rtt=_above(figures.rtt_p50, limits.rtt_weak_seconds),
        jitter=_above(figures.jitter, limits.jitter_weak_seconds),
        mos=_below(figures.mos, limits.mos_weak),
    )
    return ("weak", weak) if weak else ("good", ())


def _broken(**limits: bool) -> tuple[str, ...]:
    return tuple(name for name, broken in limits.items() if broken)


def _above(value: float | None, limit: float) -> bool:
    return value is not None and value > limit


def _below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit
