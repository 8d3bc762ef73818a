"""Whether Windows waits for a restart, by its registry."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

_KEYS = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
)


def reboot_required() -> bool:
    import winreg

    for name in _KEYS:
        try:
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, name).Close()
        except OSError:
            continue
        return True
    return False
