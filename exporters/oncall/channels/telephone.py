"""Telephone numbers as channels want them. Pure."""

from __future__ import annotations

import re

VIETNAM = "84"


def digits(number: str) -> str | None:
    """International without the plus (84912345678), from +84…, 84…, 0084… or 0…; None when it is no number."""
    compact = re.sub(r"[ .()\-\u00a0]", "", number)
    if compact.startswith("+"):
        found = compact[1:]
    elif compact.startswith("00"):
        found = compact[2:]
    elif compact.startswith("0"):
        found = VIETNAM + compact[1:]
    else:
        found = compact
    return found if re.fullmatch(r"[1-9][0-9]{6,14}", found, re.ASCII) else None


def national(number: str) -> str | None:
    """0912345678 for numbers of Vietnam, else as `digits`."""
    found = digits(number)
    return "0" + found.removeprefix(VIETNAM) if found and found.startswith(VIETNAM) else found


def plus(number: str) -> str | None:
    """+84912345678 (E.164)."""
    found = digits(number)
    return f"+{found}" if found else None
