"""Linux' tables of TCP connections, read as text: to ask for each one's owner would cost a hundred times more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc/net")
STATES = (
    "established", "syn_sent", "syn_received", "fin_wait_1", "fin_wait_2", "time_wait", "closed", "close_wait",
    "last_ack", "listen", "closing",
)  # fmt: skip
"""In the order of Linux' numbers, which begin at 1."""
_NEW_SYN_RECEIVED = 12


def states(folder: Path = PROC) -> dict[str, int]:
    counted = dict.fromkeys(STATES, 0)
    for name in ("tcp", "tcp6"):
        try:
            with (folder / name).open(encoding="ascii", errors="replace") as lines:
                count_states(lines, counted)
        except OSError:
            continue
    return counted


def count_states(lines: Iterable[str], counted: dict[str, int]) -> None:
    for line in lines:
        words = line.split(None, 4)
        try:
            number = int(words[3], 16)
        except (IndexError, ValueError):
            continue
        if number == _NEW_SYN_RECEIVED:
            number = 3
        if 1 <= number <= len(STATES):
            counted[STATES[number - 1]] += 1


def segments(folder: Path = PROC) -> tuple[int | None, int | None]:
    """(sent, sent again) since boot."""
    try:
        return parse_segments((folder / "snmp").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None, None


def parse_segments(text: str) -> tuple[int | None, int | None]:
    rows = [line.split() for line in text.splitlines() if line.startswith("Tcp:")]
    if len(rows) != 2:
        return None, None
    named = dict(zip(rows[0], rows[1], strict=False))
    try:
        return int(named["OutSegs"]), int(named["RetransSegs"])
    except (KeyError, ValueError):
        return None, None
