"""ENTITY-SENSOR-MIB (RFC 3433): temperatures, fans, voltages of the device itself."""

from __future__ import annotations

from agent.devices.mibs.mib import Mib
from agent.devices.varbind import Walked, oid
from agent.samples import Family, Kind, Sample
from agent.wire.configuration import DeviceConfiguration

TYPE = oid("1.3.6.1.2.1.99.1.1.1.1")
SCALE = oid("1.3.6.1.2.1.99.1.1.1.2")
PRECISION = oid("1.3.6.1.2.1.99.1.1.1.3")
VALUE = oid("1.3.6.1.2.1.99.1.1.1.4")
STATUS = oid("1.3.6.1.2.1.99.1.1.1.5")
PHYSICAL_NAME = oid("1.3.6.1.2.1.47.1.1.1.1.7")
UNITS = {
    3: "volts", 4: "volts", 5: "amperes", 6: "watts", 7: "hertz", 8: "celsius", 9: "humidity_percent", 10: "rpm",
    12: "boolean",
}  # fmt: skip
_OK = 1
_UNSCALED = 9


def parse(walked: Walked, device: DeviceConfiguration) -> list[Sample]:
    samples = []
    for index in walked.column(TYPE):
        unit = UNITS.get(walked.number(TYPE, index) or 0)
        value, scale = walked.number(VALUE, index), walked.number(SCALE, index)
        if unit is None or value is None or scale is None or walked.number(STATUS, index) != _OK:
            continue
        precision = walked.number(PRECISION, index) or 0
        if not (1 <= scale <= 17 and -8 <= precision <= 9):
            continue
        number = ".".join(map(str, index))
        name = walked.text(PHYSICAL_NAME, index)
        labels = (("device", device.name), ("place", f"{name} {number}".strip()), ("unit", unit))
        samples.append(
            Sample("thongsuot_device_sensor_value", value * 10.0 ** (3 * (scale - _UNSCALED) - precision), labels)
        )
    return samples


MIB = Mib(
    TYPE,
    (SCALE, PRECISION, VALUE, STATUS, PHYSICAL_NAME),
    parse,
    (Family("thongsuot_device_sensor_value", Kind.GAUGE, "A sensor of the device, in the unit of its label."),),
)
