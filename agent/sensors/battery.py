"""The machine's own battery, as a laptop's or a UPS that the system knows as one: said like any UPS."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

LOW_RATIO = 0.1
LABELS = (("ups", "battery"),)

FAMILIES = (
    Family("thongsuot_ups_on_battery", Kind.GAUGE, "1 while the battery carries the load."),
    Family("thongsuot_ups_battery_low", Kind.GAUGE, "1 when the battery is about to be empty."),
    Family("thongsuot_ups_charge_ratio", Kind.GAUGE, "Charge of the battery, 1 is full."),
    Family("thongsuot_ups_runtime_seconds", Kind.GAUGE, "How long the battery lasts, by its own estimate."),
    Family("thongsuot_ups_load_ratio", Kind.GAUGE, "Load of the UPS, 1 is its rating."),
    Family("thongsuot_ups_input_volts", Kind.GAUGE, "Voltage of the mains at the UPS."),
    Family("thongsuot_ups_replace_battery", Kind.GAUGE, "1 when the UPS asks for a new battery."),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """`percent` of charge; `plugged` None when not known; `seconds` None while charging or not known."""

    percent: float
    plugged: bool | None
    seconds: float | None


def read() -> Reading | None:
    """None: there is no battery."""
    found = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if found is None:
        return None
    seconds = float(found.secsleft)
    return Reading(found.percent, found.power_plugged, seconds if seconds >= 0 else None)


def parse(reading: Reading | None) -> list[Sample]:
    if reading is None:
        return []
    charge = reading.percent / 100
    samples = [Sample("thongsuot_ups_charge_ratio", charge, LABELS)]
    if reading.plugged is not None:
        on_battery = not reading.plugged
        samples.append(Sample("thongsuot_ups_on_battery", int(on_battery), LABELS))
        samples.append(Sample("thongsuot_ups_battery_low", int(on_battery and charge <= LOW_RATIO), LABELS))
    if reading.seconds is not None:
        samples.append(Sample("thongsuot_ups_runtime_seconds", reading.seconds, LABELS))
    return samples


SENSOR = Sensor(FAMILIES, read, parse)
