"""Processor time by mode, summed over the cores; how busy each core is; their number; the load."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

# Linux counts guest time within user and nice: said apart, it would count twice.
_WITHIN_OTHERS = frozenset({"guest", "guest_nice"})
# "interrupt" and "dpc" are Windows' names for parts of its "system".
_NOT_BUSY = frozenset({"idle", "iowait", "guest", "guest_nice", "interrupt", "dpc"})


@dataclass(frozen=True, slots=True)
class Reading:
    """`seconds` by mode since boot, `cores` the same for each; `load` over 1, 5 and 15 minutes."""

    seconds: Mapping[str, float]
    count: int | None
    load: tuple[float, float, float] | None
    cores: tuple[Mapping[str, float], ...] = ()


def read() -> Reading:
    times = psutil.cpu_times()
    load = os.getloadavg() if hasattr(os, "getloadavg") else None
    cores = tuple(one._asdict() for one in psutil.cpu_times(percpu=True))
    return Reading(times._asdict(), psutil.cpu_count(), load, cores)


def parse(reading: Reading) -> list[Sample]:
    samples = [
        Sample("thongsuot_cpu_seconds_total", seconds, (("mode", mode),))
        for mode, seconds in reading.seconds.items()
        if mode not in _WITHIN_OTHERS
    ]
    for number, modes in enumerate(reading.cores):
        busy = sum(seconds for mode, seconds in modes.items() if mode not in _NOT_BUSY)
        samples.append(Sample("thongsuot_cpu_core_busy_seconds_total", busy, (("core", str(number)),)))
    if reading.count is not None:
        samples.append(Sample("thongsuot_cpu_count", reading.count))
    if reading.load is not None:
        for minutes, load in zip(("1", "5", "15"), reading.load, strict=True):
            samples.append(Sample("thongsuot_load_average", load, (("minutes", minutes),)))
    return samples


SENSOR = Sensor(
    (
        Family("thongsuot_cpu_seconds_total", Kind.COUNTER, "Processor time by mode, all cores together."),
        Family("thongsuot_cpu_core_busy_seconds_total", Kind.COUNTER, "Time in which the core worked."),
        # The text format keeps names that end in _count for histograms, unless the type is left open.
        Family("thongsuot_cpu_count", Kind.UNTYPED, "Logical processors."),
        Family("thongsuot_load_average", Kind.GAUGE, "Processes that run or wait, averaged over the minutes."),
    ),
    read,
    parse,
)
