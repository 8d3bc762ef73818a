"""Programs of others that write samples: when each wrote last."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from collector.directory import DirectoryView


def families(directory: DirectoryView) -> Iterator[Metric]:
    last = GaugeMetricFamily(
        "thongsuot_writer_last_write_timestamp_seconds",
        "When the program of others last wrote samples, by the hub's clock, within a minute.",
        labels=["site", "writer"],
    )
    for one in directory.writers:
        if one.last_write_at is not None:
            last.add_metric([one.site, one.name], one.last_write_at)
    yield last
