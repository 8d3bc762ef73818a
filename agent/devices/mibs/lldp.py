"""LLDP-MIB (IEEE 802.1AB): what hangs on which port of a switch."""

from __future__ import annotations

from agent.devices.mibs.mib import Mib
from agent.devices.varbind import Oid, Walked, oid, physical_address
from agent.samples import Family, Kind, Sample
from agent.wire.configuration import DeviceConfiguration

CHASSIS_SUBTYPE = oid("1.0.8802.1.1.2.1.4.1.1.4")
CHASSIS = oid("1.0.8802.1.1.2.1.4.1.1.5")
PORT_SUBTYPE = oid("1.0.8802.1.1.2.1.4.1.1.6")
PORT = oid("1.0.8802.1.1.2.1.4.1.1.7")
SYSTEM_NAME = oid("1.0.8802.1.1.2.1.4.1.1.9")
LOCAL_PORT = oid("1.0.8802.1.1.2.1.3.7.1.3")
LOCAL_PORT_NAME = oid("1.0.8802.1.1.2.1.3.7.1.4")
MAX_NEIGHBOURS = 64
_CHASSIS_MAC, _PORT_MAC = 4, 3


def parse(walked: Walked, device: DeviceConfiguration) -> list[Sample]:
    found = set()
    for index in list(walked.column(CHASSIS))[:MAX_NEIGHBOURS]:
        if len(index) != 3:
            continue
        # The index is (time, local port, number).
        local = index[1:2]
        port = walked.text(LOCAL_PORT_NAME, local) or walked.text(LOCAL_PORT, local) or str(index[1])
        chassis = _identity(walked, CHASSIS, index, walked.number(CHASSIS_SUBTYPE, index) == _CHASSIS_MAC)
        far_port = _identity(walked, PORT, index, walked.number(PORT_SUBTYPE, index) == _PORT_MAC)
        found.add((chassis, walked.text(SYSTEM_NAME, index), far_port, port))
    samples = []
    for chassis, name, far_port, port in sorted(found):
        pairs = (
            ("device", device.name), ("neighbour", name or chassis), ("neighbour_chassis", chassis),
            ("neighbour_port", far_port), ("port", port),
        )  # fmt: skip
        samples.append(Sample("thongsuot_lldp_neighbour_info", 1, tuple(pair for pair in pairs if pair[1])))
    return samples


def _identity(walked: Walked, column: Oid, index: Oid, is_mac: bool) -> str:
    value = walked.column(column).get(index)
    if is_mac and isinstance(value, bytes):
        return physical_address(value)
    return walked.text(column, index)


MIB = Mib(
    CHASSIS,
    (CHASSIS_SUBTYPE, PORT_SUBTYPE, PORT, SYSTEM_NAME, LOCAL_PORT, LOCAL_PORT_NAME),
    parse,
    (Family("thongsuot_lldp_neighbour_info", Kind.GAUGE, "What hangs on the port; always 1."),),
    every_seconds=300.0,
)
