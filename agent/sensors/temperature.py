"""Temperatures and fans, where the machine has sensors and the system shows them (not on Windows)."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

PLAUSIBLE_CELSIUS = (-60.0, 200.0)
"""Chips that are not wired up say -128 or 255."""


@dataclass(frozen=True, slots=True)
class Reading:
    """(chip, place, value): °C; revolutions per minute."""

    temperatures: tuple[tuple[str, str, float], ...] = ()
    fans: tuple[tuple[str, str, float], ...] = ()


def read() -> Reading:
    reading = Reading()
    if sys.platform != "win32":
        from agent.sensors import temperature_posix

        reading = Reading(temperature_posix.temperatures(), temperature_posix.fans())
    return reading


def parse(reading: Reading) -> list[Sample]:
    low, high = PLAUSIBLE_CELSIUS
    samples = [
        Sample("thongsuot_temperature_celsius", value, labels)
        for labels, value in _told_apart(reading.temperatures)
        if low < value < high
    ]
    samples += [
        Sample("thongsuot_fan_speed_rpm", value, labels) for labels, value in _told_apart(reading.fans) if value >= 0
    ]
    return samples


def _told_apart(
    found: tuple[tuple[str, str, float], ...],
) -> list[tuple[tuple[tuple[str, str], tuple[str, str]], float]]:
    """Two sensors of one name are numbered, in the system's order."""
    seen: dict[tuple[str, str], int] = {}
    named = []
    for chip, place, value in found:
        number = seen[chip, place] = seen.get((chip, place), 0) + 1
        text = place or "sensor"
        named.append(((("chip", chip), ("place", text if number == 1 else f"{text} {number}")), value))
    return named


SENSOR = Sensor(
    (
        Family("thongsuot_temperature_celsius", Kind.GAUGE, "Temperature of a chip or disk."),
        Family("thongsuot_fan_speed_rpm", Kind.GAUGE, "Revolutions per minute of a fan."),
    ),
    read,
    parse,
)
