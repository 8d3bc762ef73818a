"""Which boot of the machine this is, and the seconds since: sleep counted, steps of the clock not."""

from __future__ import annotations

import sys
import time
from pathlib import Path

assert sys.platform != "win32"

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Another text after each boot; empty where the system does not say."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def seconds_since_boot() -> float:
    # Linux' CLOCK_MONOTONIC stands still while the machine sleeps; elsewhere there is no other.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
