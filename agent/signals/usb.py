"""Storage plugged in by USB."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from agent.signals.changes import Changes, Seen
from agent.signals.finding import Signal

INTERVAL_SECONDS = 30.0
BLOCK = Path("/sys/block")


def read(_since: float) -> Seen:
    if sys.platform == "win32":
        found: Seen = {
            f"{one.device} {one.fstype}": {"device": one.device}
            for one in psutil.disk_partitions(all=False)
            if "removable" in one.opts
        }
    else:
        found = block_devices(BLOCK)
    return found


def block_devices(folder: Path) -> Seen:
    """By maker, model and serial number: the same stick in another socket is no other stick."""
    found: dict[str, dict[str, str]] = {}
    try:
        disks = sorted(folder.iterdir())
    except OSError:
        return found
    for disk in disks:
        try:
            real = disk.resolve()
        except OSError:
            continue
        if not any(part.startswith("usb") for part in real.parts):
            continue
        vendor, model = _text(real / "device/vendor"), _text(real / "device/model")
        serial = next((text for parent in real.parents if (text := _text(parent / "serial"))), "")
        found[" ".join(one for one in (vendor, model, serial) if one) or disk.name] = {
            "disk": disk.name, "vendor": vendor, "model": model, "serial": serial,
        }  # fmt: skip
    return found


def _text(path: Path) -> str:
    try:
        return " ".join(path.read_text(encoding="utf-8", errors="replace").split())[:80]
    except OSError:
        return ""


SIGNAL: Signal[Seen] = Signal(INTERVAL_SECONDS, read, lambda memory: Changes("usb_storage", "warning", memory))
