"""The recorder: room on its disk, what it records now, what was deleted after its time, what failed."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from conferencing.recording.status import RecorderStatus


def families(status: RecorderStatus | None) -> Iterator[Metric]:
    if status is None:
        return
    yield GaugeMetricFamily("thongsuot_recording_active", "Recordings going on.", value=len(status.active))
    yield GaugeMetricFamily("thongsuot_recording_used_bytes", "Disk taken by recordings.", value=status.used_bytes)
    yield GaugeMetricFamily("thongsuot_recording_limit_bytes", "Disk they may take.", value=status.limit_bytes)
    yield GaugeMetricFamily(
        "thongsuot_recording_disk_full", "1 while nothing is recorded for want of room.", value=float(status.full)
    )
    yield CounterMetricFamily(
        "thongsuot_recording_purged", "Recordings deleted after the days that they are kept.", value=status.purged
    )
    yield CounterMetricFamily(
        "thongsuot_recording_faults", "Messages or files that a recording could not be made of.", value=status.faults
    )
