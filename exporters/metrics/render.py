"""Puts the families together and writes them in Prometheus' text format 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from collector.directory import DirectoryView
from collector.reflector_status import ReflectorStatus
from collector.snapshot import CollectorSnapshot
from conferencing.snapshot import ConferencingSnapshot
from exporters.metrics import (
    contracts,
    findings,
    itself,
    lines,
    oncall,
    recordings,
    reflector,
    rooms,
    samples,
    writers,
)
from exporters.metrics.itself import HubItself
from exporters.oncall.snapshot import OncallSnapshot
from exporters.remote_write.forwarder import ForwardStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class BackupAge:
    """Unix seconds, 0: never. `failed_places`: of the last run."""

    last_success: float
    last_verified: float
    last_bytes: int
    failed_places: int


@dataclass(frozen=True, slots=True)
class HubSnapshots:
    """All that one scrape tells, taken at one instant."""

    itself: HubItself
    directory: DirectoryView
    collector: CollectorSnapshot
    conferencing: ConferencingSnapshot
    receivers: Sequence[ForwardStatus]
    reflector: ReflectorStatus | None
    backup: BackupAge
    oncall: OncallSnapshot = field(default_factory=OncallSnapshot)


def render(snapshots: HubSnapshots) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(snapshots))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Families:
    def __init__(self, snapshots: HubSnapshots) -> None:
        self._snapshots = snapshots

    def collect(self) -> Iterable[Metric]:
        snapshots = self._snapshots
        yield from itself.families(snapshots.itself)
        yield from _backup(snapshots.backup)
        yield from contracts.families(snapshots.directory)
        yield from lines.families(snapshots.collector)
        yield from findings.families(snapshots.collector.findings)
        yield from samples.ingest_families(snapshots.collector.ingest)
        yield from samples.judging_families(snapshots.collector.judging, snapshots.collector.failures)
        yield from samples.forward_families(snapshots.receivers)
        yield from rooms.families(snapshots.conferencing)
        yield from recordings.families(snapshots.conferencing.recorder)
        yield from oncall.families(snapshots.oncall, snapshots.collector.at)
        yield from writers.families(snapshots.directory)
        yield from reflector.families(snapshots.reflector, snapshots.collector.at)


def _backup(backup: BackupAge) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "thongsuot_backup_last_success_timestamp_seconds", "When the last backup was made; 0: never.",
        value=backup.last_success,
    )  # fmt: skip
    yield GaugeMetricFamily(
        "thongsuot_backup_last_verified_timestamp_seconds", "When a backup was last proved by a restore; 0: never.",
        value=backup.last_verified,
    )  # fmt: skip
    yield GaugeMetricFamily("thongsuot_backup_size_bytes", "Size of the last backup.", value=backup.last_bytes)
    yield GaugeMetricFamily(
        "thongsuot_backup_failed_places", "Second places that the last backup did not reach.",
        value=backup.failed_places,
    )  # fmt: skip


def families(snapshots: HubSnapshots) -> list[Metric]:
    """Every family of the hub, those without samples too."""
    return list(_Families(snapshots).collect())
