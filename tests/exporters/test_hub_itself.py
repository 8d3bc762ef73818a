"""What the hub says of itself and of the directory's lines."""

from __future__ import annotations

import asyncio
import contextlib
import time

from prometheus_client.core import Metric

from collector.directory import DirectoryView, LineRecord
from exporters.metrics import contracts
from exporters.metrics.event_loop import BOUNDS_SECONDS, INTERVAL_SECONDS, LoopDelay, LoopDelayMeter
from exporters.metrics.itself import HubItself, families


def by_name(metrics: list[Metric]) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


def test_delays_are_counted_into_cumulative_buckets() -> None:
    meter = LoopDelayMeter()
    for seconds in (0.0, 0.001, 0.3, 60.0):
        meter.record(seconds)
    buckets = dict(meter.delay().buckets())
    assert (buckets["0.001"], buckets["0.25"], buckets["0.5"], buckets["10.0"], buckets["+Inf"]) == (2, 2, 3, 3, 4)
    assert len(buckets) == len(BOUNDS_SECONDS) + 1
    assert meter.delay().sum_seconds == 60.301


async def test_whoever_blocks_the_loop_is_seen() -> None:
    meter = LoopDelayMeter()
    task = asyncio.create_task(meter.run(), name="meter")
    await asyncio.sleep(0)
    # Blocking is what is tested: it holds the loop past the meter's interval.
    time.sleep(2 * INTERVAL_SECONDS)
    while meter.delay() == LoopDelay():
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert meter.delay().sum_seconds >= INTERVAL_SECONDS / 2


def test_what_is_not_known_has_no_sample() -> None:
    found = by_name(list(families(HubItself("1", 5.0))))
    assert found["thongsuot_hub_certificate_not_after_timestamp_seconds"].samples == []
    assert found["thongsuot_hub_scrape_duration_seconds"].samples == []
    known = by_name(list(families(HubItself("1", 5.0, certificate_end=7.0, last_scrape_seconds=0.5))))
    assert known["thongsuot_hub_certificate_not_after_timestamp_seconds"].samples[0].value == 7.0


def test_contract_speeds_are_in_bits_and_absent_where_the_directory_has_none() -> None:
    line = LineRecord(1, "kx-1", "kx", "Cáp quang", "VNPT", 1, "", None, download_mbits=100.0, upload_mbits=None)
    found = by_name(list(contracts.families(DirectoryView(lines=(line,)))))
    (info,) = found["thongsuot_line_info"].samples
    assert info.labels == {"site": "kx", "line": "kx-1", "provider": "VNPT", "area": ""}
    (contract,) = found["thongsuot_line_contract_bits_per_second"].samples
    assert (contract.labels["direction"], contract.value) == ("down", 100_000_000.0)
