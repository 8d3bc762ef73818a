"""Temperatures and fans as psutil finds them on Linux and the BSDs."""

from __future__ import annotations

import sys

import psutil

assert sys.platform != "win32"


def temperatures() -> tuple[tuple[str, str, float], ...]:
    found = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    return tuple((chip, one.label, one.current) for chip, many in found.items() for one in many)


def fans() -> tuple[tuple[str, str, float], ...]:
    found = psutil.sensors_fans() if hasattr(psutil, "sensors_fans") else {}
    return tuple((chip, one.label, float(one.current)) for chip, many in found.items() for one in many)
