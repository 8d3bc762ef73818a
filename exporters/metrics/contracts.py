"""Sites and lines as the directory has them: where they belong, who provides them, what the contract promises."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from collector.directory import DirectoryView

BITS_PER_MBIT = 1_000_000


def families(view: DirectoryView) -> Iterator[Metric]:
    places = GaugeMetricFamily(
        "thongsuot_site_info",
        "A site of the directory, its unit and the unit above that (area); always 1.",
        labels=["site", "name", "unit", "area"],
    )
    for site in view.sites:
        places.add_metric([site.site, site.name, site.unit or "", site.area or ""], 1)
    yield places
    areas = {site.site: site.area or "" for site in view.sites}
    info = GaugeMetricFamily(
        "thongsuot_line_info",
        "A line of the directory, its provider and the area of its site; always 1.",
        labels=["site", "line", "provider", "area"],
    )
    contract = GaugeMetricFamily(
        "thongsuot_line_contract_bits_per_second",
        "Speed that the line's contract promises, where the directory has it.",
        labels=["site", "line", "direction"],
    )
    for line in view.lines:
        info.add_metric([line.site, line.line, line.provider, areas.get(line.site, "")], 1)
        for direction, mbits in (("down", line.download_mbits), ("up", line.upload_mbits)):
            if mbits is not None:
                contract.add_metric([line.site, line.line, direction], float(mbits) * BITS_PER_MBIT)
    yield from (info, contract)
