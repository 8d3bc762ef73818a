"""ipNetToMediaTable (RFC 4293, the deprecated table that all gear has): whom a router has seen on its networks."""

from __future__ import annotations

from agent.devices.mibs.mib import Mib
from agent.devices.varbind import Walked, oid
from agent.samples import Family, Kind, Sample
from agent.wire.configuration import DeviceConfiguration

PHYSICAL_ADDRESS = oid("1.3.6.1.2.1.4.22.1.2")
_MAC_BYTES = 6


def addresses(walked: Walked) -> dict[str, bytes]:
    """MAC by IPv4 address; the index is (interface, four bytes of the address)."""
    return {
        ".".join(map(str, index[1:])): value
        for index, value in walked.column(PHYSICAL_ADDRESS).items()
        if len(index) == 5 and isinstance(value, bytes) and len(value) == _MAC_BYTES and any(value)
    }


def parse(walked: Walked, device: DeviceConfiguration) -> list[Sample]:
    return [Sample("thongsuot_device_neighbours", len(set(addresses(walked).values())), (("device", device.name),))]


MIB = Mib(
    PHYSICAL_ADDRESS,
    (),
    parse,
    (Family("thongsuot_device_neighbours", Kind.GAUGE, "Machines that the device has in its ARP table."),),
    every_seconds=300.0,
)
