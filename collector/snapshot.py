"""What the board and the exporters see of the collector at one instant. Values only, no behaviour of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["good", "weak", "bad", "down", "no_data"]


@dataclass(frozen=True, slots=True)
class FilesystemReading:
    mountpoint: str
    device: str
    fstype: str
    size_bytes: float
    available_bytes: float

    @property
    def used_ratio(self) -> float:
        return 1 - self.available_bytes / self.size_bytes if self.size_bytes > 0 else 0.0


@dataclass(frozen=True, slots=True)
class NetworkReading:
    """Rates are None until two readings of one boot are there."""

    interface: str
    up: bool | None
    receive_bytes_per_second: float | None
    transmit_bytes_per_second: float | None


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node as last heard. Ages are by the hub's own clock; None: not heard since the hub started."""

    node: str
    hostname: str
    platform: str
    version: str
    state: State
    """good: heard lately; no_data: not."""
    last_arrival: float | None
    """Unix seconds; over a restart of the hub from the directory."""
    age_seconds: float | None
    readings_age_seconds: float | None
    """Age of the newest reading, by its own (corrected) time."""
    cpu_busy_ratio: float | None
    cpu_count: float | None
    load_average: Mapping[str, float]
    """By the label's value ("1", "5", "15")."""
    memory_size_bytes: float | None
    memory_available_bytes: float | None
    swap_size_bytes: float | None
    swap_available_bytes: float | None
    filesystems: tuple[FilesystemReading, ...]
    networks: tuple[NetworkReading, ...]
    boot_time_seconds: float | None
    uptime_seconds: float | None
    queue_samples: float | None
    clock_offset_seconds: float


@dataclass(frozen=True, slots=True)
class LineState:
    """One line over its last minute of windows. Ratios are of the packets that count (sent − unmeasured)."""

    line: str
    name: str
    provider: str
    node: str | None
    """Who measures it."""
    state: State
    reasons: tuple[str, ...]
    """Which limits are broken: loss, rtt, jitter, mos."""
    age_seconds: float | None
    """Since the newest window came, by the hub's clock."""
    window_end: float | None
    """Unix seconds of the newest window's end."""
    sent: int
    received: int
    loss_ratio: float | None
    loss_up_ratio: float | None
    loss_down_ratio: float | None
    loss_unknown_ratio: float | None
    rtt_p50_seconds: float | None
    rtt_p95_seconds: float | None
    jitter_seconds: float | None
    mos: float | None
    r: float | None
    since: float | None = None
    """Unix seconds since when it is in this state; None: longer than is known."""
    cause: str | None = None
    """Whose fault it is while it is not good (collector.faults.CAUSES), as far as it is said yet."""
    evidence: Mapping[str, str] | None = None
    """Why, in words, by language."""


@dataclass(frozen=True, slots=True)
class SiteState:
    site: str
    name: str
    unit: str | None
    nodes: tuple[NodeState, ...]
    lines: tuple[LineState, ...]


@dataclass(frozen=True, slots=True)
class IngestCounters:
    """Since the hub started. Keys are bounded: statuses and reasons are ours."""

    requests: Mapping[int, int]
    """By HTTP status."""
    samples: int
    """Kept."""
    bytes: int
    """Received, compressed."""
    refused_samples: Mapping[str, int]
    """By reason."""
    minute_conflicts: int
    """Values of windows that could not be counted into a line's minute."""


@dataclass(frozen=True, slots=True)
class JudgingCounters:
    """Since the hub started."""

    hours: int = 0
    """Hours of lines looked at again."""
    verdicts: int = 0
    waiting: int = 0
    """Hours of lines that are still to be looked at."""
    events_applied: int = 0
    events_refused: int = 0
    """Requests."""


@dataclass(frozen=True, slots=True)
class SecurityFindings:
    """What nodes of one site found that came in the last 24 hours, by the hub's clock."""

    site: str
    node: str
    finding: str
    """As the agent's signals name it, e.g. new_port."""
    severity: str
    count: int


@dataclass(frozen=True, slots=True)
class CollectorSnapshot:
    at: float
    sites: tuple[SiteState, ...]
    ingest: IngestCounters
    judging: JudgingCounters = JudgingCounters()
    failures: Mapping[str, int] = field(default_factory=dict)
    """Of periodic work since the hub started, by its name."""
    findings: tuple[SecurityFindings, ...] = ()
    """At most a minute old."""
