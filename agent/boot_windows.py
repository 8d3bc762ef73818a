"""As `boot_posix`, of Windows: the counter of boots in the registry, and the ticks, which count sleep."""

from __future__ import annotations

import sys
import time

assert sys.platform == "win32"

_KEY = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"


def boot_id() -> str:
    """Another text after each boot; empty where the system does not say."""
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _KEY) as key:
            return f"boot-{winreg.QueryValueEx(key, 'BootId')[0]}"
    except OSError:
        return ""


def seconds_since_boot() -> float:
    return time.monotonic()
