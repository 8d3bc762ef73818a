"""What the bridge says of itself at one instant, for metrics and the board. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

ACKNOWLEDGE_BUCKETS_SECONDS = (60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14400.0)


@dataclass(slots=True)
class Counters:
    """Since the hub started. Keys are bounded: rules of the catalogue, channels that exist, reasons of ours."""

    received: Counter[str] = field(default_factory=Counter)
    """Alerts that began to fire, by rule."""
    deliveries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By channel and outcome."""
    suppressed: Counter[str] = field(default_factory=Counter)
    acknowledged_in: list[float] = field(default_factory=lambda: [0.0] * (len(ACKNOWLEDGE_BUCKETS_SECONDS) + 1))
    """Per bucket, not summed up."""
    acknowledged_seconds: float = 0.0
    refused_webhooks: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Of periodic work."""

    def acknowledged(self, seconds: float) -> None:
        bucket = sum(seconds > bound for bound in ACKNOWLEDGE_BUCKETS_SECONDS)
        self.acknowledged_in[bucket] += 1
        self.acknowledged_seconds += seconds


@dataclass(frozen=True, slots=True)
class ChannelState:
    """`last_success`, `last_failure`: Unix seconds, 0 for never since the hub started."""

    name: str
    waiting: int = 0
    last_success: float = 0.0
    last_failure: float = 0.0
    last_failure_detail: str = ""

    @property
    def works(self) -> bool:
        return self.last_failure <= self.last_success


@dataclass(frozen=True, slots=True)
class OncallSnapshot:
    """`oldest_unacknowledged`: when the one that waits longest was told, None for none. `people`: on the rota now."""

    troubles: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Open ones by state and severity."""
    oldest_unacknowledged: float | None = None
    untaken: int = 0
    """Told to everybody on the rota, taken by nobody."""
    untold: int = 0
    """Nobody is there to be told."""
    waiting_deliveries: int = 0
    oldest_delivery: float | None = None
    """When the oldest that is due was due."""
    storms: int = 0
    """Areas that speak for many sites now."""
    people: int = 0
    channels: tuple[ChannelState, ...] = ()
    counters: Counters = field(default_factory=Counters)
    last_webhook: float = 0.0
    last_watchdog: float = 0.0
