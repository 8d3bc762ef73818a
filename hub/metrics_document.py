"""`python -m hub.metrics_document FILE` writes docs/metrics.md: the families of the hub and of the nodes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from agent import alarm, lines, own_figures, sampling
from agent.devices import devices
from agent.probes import windows
from agent.probes.registry import PROBES
from agent.samples import Family
from agent.sensors import SENSORS, processes
from agent.signals import registry, watching
from collector.directory import DirectoryView
from collector.reflector_status import ReflectorStatus
from collector.snapshot import CollectorSnapshot, IngestCounters
from conferencing.recording.status import RecorderStatus
from conferencing.snapshot import ConferencingSnapshot
from exporters.metrics import BackupAge, HubItself, HubSnapshots, families
from exporters.metrics.document import Described, described, document


def hub_families() -> list[Described]:
    """All that a scrape may show, from snapshots of a hub that has just begun."""
    snapshots = HubSnapshots(
        itself=HubItself("", 0.0),
        directory=DirectoryView(),
        collector=CollectorSnapshot(0.0, (), IngestCounters({}, 0, 0, {}, 0)),
        conferencing=ConferencingSnapshot((), (), 0, {}, 0, recorder=RecorderStatus(0.0, 0, 0, False, 0, 0, ())),
        receivers=(),
        reflector=ReflectorStatus(0.0, 0.0, 0, 0, {}),
        backup=BackupAge(0.0, 0.0, 0, 0),
    )
    return [described(metric) for metric in families(snapshots)]


def node_families() -> list[Described]:
    return [Described(one.name, one.kind.value, one.help) for one in {one.name: one for one in _declared()}.values()]


def _declared() -> Iterator[Family]:
    yield from (
        *sampling.FAMILIES,
        *own_figures.FAMILIES,
        *alarm.FAMILIES,
        *windows.FAMILIES,
        *lines.FAMILIES,
        *watching.FAMILIES,
    )
    yield from devices.FAMILIES
    for sensor in (*SENSORS.values(), processes.sensor(lambda: ())):
        yield from sensor.families
    for probe in PROBES.values():
        yield from probe.families
    for signal in registry.signals(Path("ca.pem")).values():
        yield from signal.families


def text() -> str:
    return document(hub_families(), node_families())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
