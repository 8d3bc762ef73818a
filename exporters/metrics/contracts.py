"""Lines as the directory has them: who provides them and what the contract promises."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from collector.directory import DirectoryView

BITS_PER_MBIT = 1_000_000


def families(view: DirectoryView) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "thongsuot_line_info",
        "A line of the directory and its provider; always 1.",
        labels=["site", "line", "provider"],
    )
    contract = GaugeMetricFamily(
        "thongsuot_line_contract_bits_per_second",
        "Speed that the line's contract promises, where the directory has it.",
        labels=["site", "line", "direction"],
    )
    for line in view.lines:
        info.add_metric([line.site, line.line, line.provider], 1)
        for direction, mbits in (("down", line.download_mbits), ("up", line.upload_mbits)):
            if mbits is not None:
                contract.add_metric([line.site, line.line, direction], float(mbits) * BITS_PER_MBIT)
    yield from (info, contract)
