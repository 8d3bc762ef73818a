"""When the machine booted, and which boot this is: one after a silence says that the power was gone, not the line."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor


@dataclass(frozen=True, slots=True)
class Reading:
    """`booted`: Unix seconds; `boot`: another text after each boot, empty where the system does not say."""

    booted: float
    boot: str


def read() -> Reading:
    if sys.platform == "win32":
        from agent.boot_windows import boot_id
    else:
        from agent.boot_posix import boot_id
    return Reading(psutil.boot_time(), boot_id())


def parse(reading: Reading) -> list[Sample]:
    samples = [Sample("thongsuot_boot_time_seconds", reading.booted)]
    if reading.boot:
        samples.append(Sample("thongsuot_boot_info", 1, (("boot", reading.boot),)))
    return samples


SENSOR = Sensor(
    (
        Family("thongsuot_boot_time_seconds", Kind.GAUGE, "Unix time at which the machine booted."),
        Family("thongsuot_boot_info", Kind.GAUGE, "Which boot of the machine this is; always 1."),
    ),
    read,
    parse,
)
