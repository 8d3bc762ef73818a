"""The hub about itself: its version and start, its event loop, the cost of scrapes, its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from exporters.metrics.event_loop import LoopDelay


@dataclass(slots=True)
class ScrapeCost:
    """Kept by who answers scrapes. `last_seconds`: of taking the snapshots and writing the text."""

    scrapes: int = 0
    last_seconds: float | None = None

    def spent(self, seconds: float) -> None:
        self.scrapes += 1
        self.last_seconds = seconds


@dataclass(frozen=True, slots=True)
class HubItself:
    """`last_scrape_seconds`: None before the second scrape. `certificate_end`: Unix seconds, None without TLS."""

    version: str
    started_at: float
    loop_delay: LoopDelay = field(default_factory=LoopDelay)
    scrapes: int = 0
    last_scrape_seconds: float | None = None
    certificate_end: float | None = None
    url: str = ""
    """How people reach the hub: dashboards link to it."""


def families(hub: HubItself) -> Iterator[Metric]:
    yield InfoMetricFamily(
        "thongsuot_hub", "This hub and how people reach it.", value={"version": hub.version, "url": hub.url}
    )
    yield GaugeMetricFamily(
        "thongsuot_hub_start_time_seconds", "When the hub started, Unix time.", value=hub.started_at
    )
    yield HistogramMetricFamily(
        "thongsuot_hub_event_loop_delay_seconds",
        "How late the hub's event loop ran what was due.",
        buckets=hub.loop_delay.buckets(),
        sum_value=hub.loop_delay.sum_seconds,
    )
    yield CounterMetricFamily("thongsuot_hub_scrapes", "Times that /metrics was written.", value=hub.scrapes)
    duration = GaugeMetricFamily(
        "thongsuot_hub_scrape_duration_seconds", "How long the scrape before this one took to write."
    )
    if hub.last_scrape_seconds is not None:
        duration.add_metric([], hub.last_scrape_seconds)
    yield duration
    certificate = GaugeMetricFamily(
        "thongsuot_hub_certificate_not_after_timestamp_seconds", "When the hub's TLS certificate ends, Unix time."
    )
    if hub.certificate_end is not None:
        certificate.add_metric([], hub.certificate_end)
    yield certificate
