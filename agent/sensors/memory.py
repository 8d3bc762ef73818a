"""Memory and swap."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor


@dataclass(frozen=True, slots=True)
class Reading:
    """In bytes; swap None where the system does not say it."""

    size: int
    available: int
    swap_size: int | None
    swap_used: int | None


def read() -> Reading:
    memory = psutil.virtual_memory()
    try:
        swap = psutil.swap_memory()
    except (OSError, RuntimeError):
        return Reading(memory.total, memory.available, None, None)
    return Reading(memory.total, memory.available, swap.total, swap.used)


def parse(reading: Reading) -> list[Sample]:
    figures = (
        ("thongsuot_memory_size_bytes", reading.size),
        ("thongsuot_memory_available_bytes", reading.available),
        ("thongsuot_swap_size_bytes", reading.swap_size),
        ("thongsuot_swap_used_bytes", reading.swap_used),
    )
    return [Sample(name, value) for name, value in figures if value is not None]


SENSOR = Sensor(
    (
        Family("thongsuot_memory_size_bytes", Kind.GAUGE, "Memory of the machine."),
        Family("thongsuot_memory_available_bytes", Kind.GAUGE, "Memory that programs can still get."),
        Family("thongsuot_swap_size_bytes", Kind.GAUGE, "Swap space of the machine."),
        Family("thongsuot_swap_used_bytes", Kind.GAUGE, "Swap space in use."),
    ),
    read,
    parse,
)
