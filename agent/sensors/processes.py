"""Programs that should run here, by the names that the hub's configuration gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

MAX_NAMES = 32


@dataclass(frozen=True, slots=True)
class Watched:
    """All processes of one name. `resident_bytes`: together; `started`: Unix seconds of the oldest one."""

    name: str
    count: int
    resident_bytes: int
    started: float | None


def read(names: tuple[str, ...]) -> tuple[Watched, ...]:
    wanted = {name.lower().removesuffix(".exe"): name for name in names[:MAX_NAMES]}
    if not wanted:
        return ()
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in wanted.values()}
    for process in psutil.process_iter():
        try:
            name = wanted.get(process.name().lower().removesuffix(".exe"))
            if name is not None:
                found[name].append((process.memory_info().rss, process.create_time()))
        except psutil.Error:
            # It ended while it was looked at, or belongs to somebody who does not let us look.
            continue
    return tuple(
        Watched(name, len(many), sum(one[0] for one in many), min((one[1] for one in many), default=None))
        for name, many in found.items()
    )


def parse(reading: tuple[Watched, ...]) -> list[Sample]:
    samples = []
    for one in reading:
        labels = (("process", one.name),)
        samples.append(Sample("thongsuot_processes", one.count, labels))
        if one.started is not None:
            samples.append(Sample("thongsuot_process_resident_bytes", one.resident_bytes, labels))
            samples.append(Sample("thongsuot_process_start_time_seconds", one.started, labels))
    return samples


FAMILIES = (
    Family("thongsuot_processes", Kind.GAUGE, "How many processes of a watched name run; 0: none."),
    Family("thongsuot_process_resident_bytes", Kind.GAUGE, "Resident memory of a watched program."),
    Family("thongsuot_process_start_time_seconds", Kind.GAUGE, "Unix time at which its oldest process started."),
)


def sensor(names: Callable[[], tuple[str, ...]]) -> Sensor[tuple[Watched, ...]]:
    """`names`: those of the configuration as it is now."""
    return Sensor(FAMILIES, lambda: read(names()), parse)
