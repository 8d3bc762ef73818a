"""TCP connections by state where there is no table to be read as text."""

from __future__ import annotations

import psutil

_NAMES = {
    "SYN_RECV": "syn_received", "FIN_WAIT1": "fin_wait_1", "FIN_WAIT2": "fin_wait_2", "CLOSE": "closed",
}  # fmt: skip


def states() -> dict[str, int]:
    counted: dict[str, int] = {}
    for one in psutil.net_connections(kind="tcp"):
        name = _NAMES.get(one.status, one.status.lower())
        counted[name] = counted.get(name, 0) + 1
    return counted
