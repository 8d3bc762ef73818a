"""HOST-RESOURCES-MIB (RFC 2790): processors, memory and storage of the device."""

from __future__ import annotations

from agent.devices.mibs.mib import Mib
from agent.devices.varbind import Walked, oid
from agent.samples import Family, Kind, Sample
from agent.wire.configuration import DeviceConfiguration

PROCESSOR_LOAD = oid("1.3.6.1.2.1.25.3.3.1.2")
STORAGE_DESCR = oid("1.3.6.1.2.1.25.2.3.1.3")
STORAGE_UNITS = oid("1.3.6.1.2.1.25.2.3.1.4")
STORAGE_SIZE = oid("1.3.6.1.2.1.25.2.3.1.5")
STORAGE_USED = oid("1.3.6.1.2.1.25.2.3.1.6")
MAX_STORAGES = 32
_LARGEST = 1 << 32


def parse(walked: Walked, device: DeviceConfiguration) -> list[Sample]:
    samples = []
    for number, index in enumerate(walked.column(PROCESSOR_LOAD)):
        load = walked.number(PROCESSOR_LOAD, index)
        if load is not None:
            labels = (("core", str(number)), ("device", device.name))
            samples.append(Sample("thongsuot_device_cpu_ratio", load / 100, labels))
    for index in list(walked.column(STORAGE_DESCR))[:MAX_STORAGES]:
        units, size, used = (walked.number(one, index) for one in (STORAGE_UNITS, STORAGE_SIZE, STORAGE_USED))
        if not units or not size or used is None:
            continue
        # Integer32 on the wire: above 2^31 units it comes out negative.
        size, used = size % _LARGEST, used % _LARGEST
        name = f"{walked.text(STORAGE_DESCR, index)} {'.'.join(map(str, index))}".strip()
        labels = (("device", device.name), ("storage", name))
        samples.append(Sample("thongsuot_device_storage_size_bytes", size * units, labels))
        samples.append(Sample("thongsuot_device_storage_used_bytes", used * units, labels))
    return samples


MIB = Mib(
    STORAGE_DESCR,
    (PROCESSOR_LOAD, STORAGE_UNITS, STORAGE_SIZE, STORAGE_USED),
    parse,
    (
        Family("thongsuot_device_cpu_ratio", Kind.GAUGE, "Load of a processor over the last minute, 1 is full."),
        Family("thongsuot_device_storage_size_bytes", Kind.GAUGE, "Size of memory or storage of the device."),
        Family("thongsuot_device_storage_used_bytes", Kind.GAUGE, "What of it is in use."),
    ),
)
