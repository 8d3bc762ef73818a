"""What a report holds. Values only. Ratios 0..1, times in seconds, speeds in bit/s; None: not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kept = Literal["kept", "broken", "unknown"]


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One line, or several together, on one day."""

    day: date
    minutes: int
    lost_minutes: int
    availability: float | None
    loss: float | None
    rtt_mean: float | None
    rtt_p95: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of the profile: what was found against what is allowed."""

    value: float | None
    limit: float
    kept: Kept


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a month. `minutes`: those in which it was measured, of `possible_minutes` so far."""

    minutes: int
    possible_minutes: int
    lost_minutes: int
    lost_by_cause: Mapping[str, int]
    availability: float | None
    provider_availability: float | None
    """As if only what is the provider's or beyond it had been lost."""
    good_minutes: int
    weak_minutes: int
    bad_minutes: int
    down_minutes: int
    loss: float | None
    loss_up: float | None
    loss_down: float | None
    rtt_mean: float | None
    """Mean of the minutes' medians, weighted by answers."""
    rtt_p95: float | None
    jitter_mean: float | None
    mos_mean: float | None


@dataclass(frozen=True, slots=True)
class Outage:
    """`ended` None: not over. `minutes`: within the month."""

    line: str
    site: str
    site_name: str
    provider: str
    began: int
    ended: int | None
    minutes: int
    state: str
    cause: str
    evidence: Mapping[str, str]
    revised: bool


@dataclass(frozen=True, slots=True)
class LineReport:
    """`limits`: availability, delay, download, upload, load_down, load_up."""

    line: str
    name: str
    provider: str
    site: str
    site_name: str
    unit: str | None
    contract_number: str
    contract_download_mbits: float | None
    contract_upload_mbits: float | None
    figures: Figures
    load_p95_down: float | None
    load_p95_up: float | None
    speed_tests: int
    limits: Mapping[str, Limit]
    days: tuple[DayFigures, ...]
    outages: int


@dataclass(frozen=True, slots=True)
class GroupReport:
    """Lines together: of one provider (`name`), or all of them (empty name)."""

    name: str
    sites: int
    lines: int
    figures: Figures
    broken: Mapping[str, int]
    """Limit → lines that break it."""
    outages: int
    days: tuple[DayFigures, ...]


@dataclass(frozen=True, slots=True)
class MonthReport:
    month: str
    """YYYY-MM."""
    title: str
    """The unit that it was asked for; empty: all that the caller may see."""
    made_at: float
    complete: bool
    """Whether the month is over."""
    profile: str
    note: Mapping[str, str]
    sources: Mapping[str, str]
    whole: GroupReport
    providers: tuple[GroupReport, ...]
    lines: tuple[LineReport, ...]
    outages: tuple[Outage, ...]
