"""Whether this machine is going down, as Windows tells it."""

from __future__ import annotations

import sys

assert sys.platform == "win32"

SM_SHUTTINGDOWN = 0x2000


def shutting_down() -> bool:
    import ctypes

    return bool(ctypes.windll.user32.GetSystemMetrics(SM_SHUTTINGDOWN))
