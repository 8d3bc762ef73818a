"""Security findings of nodes as they reached the hub: one is told however late it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from collector.snapshot import SecurityFindings


def families(findings: Sequence[SecurityFindings]) -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "thongsuot_site_security_findings",
        "Security findings of the site's nodes that reached the hub in the last 24 hours.",
        labels=["site", "node", "finding", "severity"],
    )
    for one in findings:
        found.add_metric([one.site, one.node, one.finding, one.severity], one.count)
    yield found
