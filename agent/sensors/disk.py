"""Reads, writes, busy time and errors of the whole disks, partitions and made-up devices left out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

_MADE_UP = ("loop", "ram", "zram", "dm-", "md", "sr", "fd")


@dataclass(frozen=True, slots=True)
class Disk:
    """Counters since boot; `busy_seconds` None where the system does not say."""

    name: str
    reads: int
    writes: int
    read_bytes: int
    written_bytes: int
    busy_seconds: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """`whole`: names of disks, not partitions; None where they are not told apart. Errors by disk and filesystem."""

    disks: tuple[Disk, ...]
    whole: frozenset[str] | None = None
    disk_errors: Mapping[str, int] = field(default_factory=dict)
    filesystem_errors: Mapping[str, int] = field(default_factory=dict)


def read() -> Reading:
    counters = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
    disks = tuple(
        Disk(name, one.read_count, one.write_count, one.read_bytes, one.write_bytes, _seconds(one))
        for name, one in counters.items()
    )
    reading = Reading(disks)
    if sys.platform != "win32":
        from agent.sensors import disk_posix

        reading = Reading(disks, disk_posix.whole_disks(), disk_posix.disk_errors(), disk_posix.filesystem_errors())
    return reading


def _seconds(counters: object) -> float | None:
    milliseconds = getattr(counters, "busy_time", None)
    return None if milliseconds is None else milliseconds / 1000


def parse(reading: Reading) -> list[Sample]:
    samples = []
    for one in reading.disks:
        if one.name.startswith(_MADE_UP) or (reading.whole is not None and one.name not in reading.whole):
            continue
        labels = (("disk", one.name),)
        samples += [
            Sample("thongsuot_disk_reads_total", one.reads, labels),
            Sample("thongsuot_disk_writes_total", one.writes, labels),
            Sample("thongsuot_disk_read_bytes_total", one.read_bytes, labels),
            Sample("thongsuot_disk_written_bytes_total", one.written_bytes, labels),
        ]
        if one.busy_seconds is not None:
            samples.append(Sample("thongsuot_disk_busy_seconds_total", one.busy_seconds, labels))
        if one.name in reading.disk_errors:
            samples.append(Sample("thongsuot_disk_errors_total", reading.disk_errors[one.name], labels))
    for device, errors in reading.filesystem_errors.items():
        samples.append(Sample("thongsuot_filesystem_errors_total", errors, (("device", device),)))
    return samples


SENSOR = Sensor(
    (
        Family("thongsuot_disk_reads_total", Kind.COUNTER, "Reads of the disk."),
        Family("thongsuot_disk_writes_total", Kind.COUNTER, "Writes to the disk."),
        Family("thongsuot_disk_read_bytes_total", Kind.COUNTER, "Bytes read from the disk."),
        Family("thongsuot_disk_written_bytes_total", Kind.COUNTER, "Bytes written to the disk."),
        Family("thongsuot_disk_busy_seconds_total", Kind.COUNTER, "Time in which the disk had something to do."),
        Family("thongsuot_disk_errors_total", Kind.COUNTER, "Requests that the disk answered with an error."),
        Family("thongsuot_filesystem_errors_total", Kind.COUNTER, "Errors that ext4 has found in itself."),
    ),
    read,
    parse,
)
