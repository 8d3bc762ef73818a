"""Size and free space of the real filesystems: no pseudo ones, none twice."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

_NOT_REAL = frozenset({"squashfs", "overlay", "tmpfs", "devtmpfs", "ramfs", "iso9660", "udf", "cdfs", "autofs"})
ROOT = "/"


@dataclass(frozen=True, slots=True)
class Filesystem:
    """Sizes in bytes; None when it could not be read."""

    mountpoint: str
    device: str
    fstype: str
    size: int | None
    available: int | None


def read() -> tuple[Filesystem, ...]:
    mounts = [(part.mountpoint, part.device, part.fstype) for part in psutil.disk_partitions(all=False)]
    if not any(fstype not in _NOT_REAL for _mountpoint, _device, fstype in mounts):
        # A container sees none of the machine's own; its root is then the one that can fill up.
        mounts = [
            (part.mountpoint, part.device, part.fstype)
            for part in psutil.disk_partitions(all=True)
            if part.mountpoint == ROOT
        ][-1:] or [(ROOT, "", "")]
    return tuple(_usage(*mount) for mount in mounts)


def _usage(mountpoint: str, device: str, fstype: str) -> Filesystem:
    try:
        usage = psutil.disk_usage(mountpoint)
    except OSError:
        return Filesystem(mountpoint, device, fstype, None, None)
    return Filesystem(mountpoint, device, fstype, usage.total, usage.free)


def parse(reading: tuple[Filesystem, ...]) -> list[Sample]:
    real = [one for one in reading if one.fstype not in _NOT_REAL]
    samples = []
    for one in _without_binds(real or [one for one in reading if one.mountpoint == ROOT]):
        pairs = (("device", one.device), ("fstype", one.fstype), ("mountpoint", one.mountpoint))
        labels = tuple((name, _text(value)) for name, value in pairs if value)
        if one.size:
            samples.append(Sample("thongsuot_filesystem_size_bytes", one.size, labels))
        if one.size and one.available is not None:
            samples.append(Sample("thongsuot_filesystem_available_bytes", one.available, labels))
    return samples


def _text(value: str) -> str:
    # A name on disk may be no UTF-8; a label has to be.
    return value.encode("utf-8", "replace").decode()


def _without_binds(filesystems: list[Filesystem]) -> list[Filesystem]:
    """One per device, the mount nearest to the root: the others are bind mounts of the same."""
    first: dict[str, Filesystem] = {}
    for one in sorted(filesystems, key=lambda one: (len(one.mountpoint), one.mountpoint)):
        first.setdefault(one.device or one.mountpoint, one)
    return list(first.values())


SENSOR = Sensor(
    (
        Family("thongsuot_filesystem_size_bytes", Kind.GAUGE, "Size of the filesystem."),
        Family("thongsuot_filesystem_available_bytes", Kind.GAUGE, "Space left for ordinary users."),
    ),
    read,
    parse,
)
