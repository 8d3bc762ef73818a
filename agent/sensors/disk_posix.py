"""Which block devices are whole disks, and what errors Linux has counted of them."""

from __future__ import annotations

from pathlib import Path

SYS = Path("/sys")


def whole_disks(sys_folder: Path = SYS) -> frozenset[str] | None:
    """None where the system does not tell them apart."""
    try:
        return frozenset(one.name for one in (sys_folder / "block").iterdir())
    except OSError:
        return None


def disk_errors(sys_folder: Path = SYS) -> dict[str, int]:
    """By disk; SCSI and SATA only, in hexadecimal there."""
    return {one.parts[-3]: count for one in (sys_folder / "block").glob("*/device/ioerr_cnt")
            if (count := number(one)) is not None}  # fmt: skip


def filesystem_errors(sys_folder: Path = SYS) -> dict[str, int]:
    """By device; ext4 only, kept in its superblock."""
    return {one.parent.name: count for one in (sys_folder / "fs/ext4").glob("*/errors_count")
            if (count := number(one)) is not None}  # fmt: skip


def number(path: Path) -> int | None:
    """Decimal, or hexadecimal with 0x; None when it cannot be read."""
    try:
        return int(path.read_text(encoding="ascii").strip(), 0)
    except (OSError, ValueError):
        return None
