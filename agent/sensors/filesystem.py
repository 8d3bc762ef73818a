"""Size and free space of the real filesystems: no pseudo ones, none twice."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
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
    inodes: int | None = None
    free_inodes: int | None = None


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
    return Filesystem(mountpoint, device, fstype, usage.total, usage.free, *_inodes(mountpoint))


def _inodes(mountpoint: str) -> tuple[int | None, int | None]:
    if sys.platform != "win32":
        with suppress(OSError):
            found = os.statvfs(mountpoint)
            # btrfs and FAT have none to run out of and say 0.
            if found.f_files:
                return found.f_files, found.f_favail
    return None, None


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
        if one.inodes is not None:
            samples.append(Sample("thongsuot_filesystem_inodes", one.inodes, labels))
        if one.free_inodes is not None:
            samples.append(Sample("thongsuot_filesystem_available_inodes", one.free_inodes, labels))
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
        Family("thongsuot_filesystem_inodes", Kind.GAUGE, "Files that the filesystem can hold."),
        Family("thongsuot_filesystem_available_inodes", Kind.GAUGE, "Files that ordinary users can still make."),
    ),
    read,
    parse,
)
