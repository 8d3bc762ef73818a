"""Whether a line is good, weak, bad or down by one minute's figures against the profile's limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from collector.quality.figures import Figures
from collector.quality.profile import Limits, shipped
from collector.quality.windows import WINDOWS_PER_MINUTE

Level = Literal["good", "weak", "bad", "down"]
LEVELS: tuple[Level, ...] = get_args(Level)
RANK: dict[str, int] = {level: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class Minute:
    """What is judged. `windows`: how many of the minute's six are counted; `loss` is None when none was measured."""

    loss: float | None
    windows: int
    rtt: float | None
    jitter: float | None
    mos: float | None


def judge(figures: Figures, windows: int = 0, limits: Limits | None = None) -> tuple[Level | None, tuple[str, ...]]:
    """Level of a line and which limits it breaks, the graver ones only when there are such; None: not measured."""
    return judge_minute(
        Minute(figures.loss_ratio, windows, figures.rtt_p50, figures.jitter, figures.mos), limits or shipped().limits
    )


def judge_minute(minute: Minute, limits: Limits) -> tuple[Level | None, tuple[str, ...]]:
    if minute.loss is None:
        return None, ()
    if minute.loss >= 1 and minute.windows >= WINDOWS_PER_MINUTE:
        return "down", ("loss",)
    bad = _broken(
        loss=minute.loss > limits.loss_bad,
        rtt=_above(minute.rtt, limits.rtt_bad_seconds),
        mos=_below(minute.mos, limits.mos_bad),
    )
    if bad:
        return "bad", bad
    weak = _broken(
        loss=minute.loss > limits.loss_weak,
        rtt=_above(minute.rtt, limits.rtt_weak_seconds),
        jitter=_above(minute.jitter, limits.jitter_weak_seconds),
        mos=_below(minute.mos, limits.mos_weak),
    )
    return ("weak", weak) if weak else ("good", ())


def _broken(**limits: bool) -> tuple[str, ...]:
    return tuple(name for name, broken in limits.items() if broken)


def _above(value: float | None, limit: float) -> bool:
    return value is not None and value > limit


def _below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit
