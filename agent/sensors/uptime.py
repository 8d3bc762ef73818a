"""When the machine booted: a boot after a silence says that the power was gone, and not the line."""

from __future__ import annotations

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor


def read() -> float:
    """Unix seconds."""
    return psutil.boot_time()


def parse(reading: float) -> list[Sample]:
    return [Sample("thongsuot_boot_time_seconds", reading)]


SENSOR = Sensor(
    (Family("thongsuot_boot_time_seconds", Kind.GAUGE, "Unix time at which the machine booted."),), read, parse
)
