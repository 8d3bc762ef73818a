"""UPS-MIB (RFC 1628), said by the same names as a UPS on a USB plug."""

from __future__ import annotations

from agent.devices.mibs.mib import Mib
from agent.devices.varbind import Oid, Walked, oid
from agent.samples import Sample
from agent.sensors.battery import FAMILIES
from agent.wire.configuration import DeviceConfiguration

BATTERY_STATUS = oid("1.3.6.1.2.1.33.1.2.1")
MINUTES_REMAINING = oid("1.3.6.1.2.1.33.1.2.3")
CHARGE = oid("1.3.6.1.2.1.33.1.2.4")
INPUT_VOLTAGE = oid("1.3.6.1.2.1.33.1.3.3.1.3")
OUTPUT_SOURCE = oid("1.3.6.1.2.1.33.1.4.1")
OUTPUT_LOAD = oid("1.3.6.1.2.1.33.1.4.4.1.5")
_BATTERY = 5
_NO_SOURCE = (1, 2)
_LOW = (3, 4)
_MOST_VOLTS = 1000
"""Some UPSes (Huawei UPS5000) say tenths of a volt where RFC 1628 asks for volts."""


def parse(walked: Walked, device: DeviceConfiguration) -> list[Sample]:
    labels = (("ups", device.name),)
    samples = []
    source, status = _first(walked, OUTPUT_SOURCE), _first(walked, BATTERY_STATUS)
    if source is not None and source not in _NO_SOURCE:
        samples.append(Sample("thongsuot_ups_on_battery", int(source == _BATTERY), labels))
    if status is not None:
        samples.append(Sample("thongsuot_ups_battery_low", int(status in _LOW), labels))
    for name, column, scale in (
        ("thongsuot_ups_charge_ratio", CHARGE, 0.01),
        ("thongsuot_ups_runtime_seconds", MINUTES_REMAINING, 60),
        ("thongsuot_ups_load_ratio", OUTPUT_LOAD, 0.01),
        ("thongsuot_ups_input_volts", INPUT_VOLTAGE, 1),
    ):
        value = _first(walked, column)
        if value is None or value < 0:
            continue
        if column is MINUTES_REMAINING and value == 0 and source != _BATTERY:
            # On mains it means that the UPS does not know.
            continue
        if column is INPUT_VOLTAGE and value > _MOST_VOLTS:
            scale = 0.1
        samples.append(Sample(name, value * scale, labels))
    return samples


def _first(walked: Walked, column: Oid) -> int | None:
    """Of several phases the first."""
    return next((value for value in walked.column(column).values() if isinstance(value, int)), None)


MIB = Mib(BATTERY_STATUS, (MINUTES_REMAINING, CHARGE, INPUT_VOLTAGE, OUTPUT_SOURCE, OUTPUT_LOAD), parse, FAMILIES)
