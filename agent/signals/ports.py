"""Ports on which this machine newly listens; loopback is left out, since nobody outside reaches it."""

from __future__ import annotations

import socket

import psutil

from agent.signals.changes import Changes, Seen
from agent.signals.finding import Signal

INTERVAL_SECONDS = 360.0
FIRST_EPHEMERAL_PORT = 32_768
"""UDP has no listening: above this, an open socket is somebody asking."""


def read(_since: float) -> Seen:
    found: dict[str, dict[str, str]] = {}
    for one in psutil.net_connections(kind="inet"):
        tcp = one.type == socket.SOCK_STREAM
        if not one.laddr or (tcp and one.status != psutil.CONN_LISTEN) or (not tcp and one.raddr):
            continue
        address, port = one.laddr[0], one.laddr[1]
        if _is_loopback(address) or (not tcp and port >= FIRST_EPHEMERAL_PORT):
            continue
        found[f"{'tcp' if tcp else 'udp'}/{port}"] = {"address": address, "process": _name(one.pid)}
    return found


def _is_loopback(address: str) -> bool:
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def _name(pid: int | None) -> str:
    """Empty where we may not see whose it is."""
    try:
        return psutil.Process(pid).name() if pid else ""
    except psutil.Error:
        return ""


SIGNAL: Signal[Seen] = Signal(INTERVAL_SECONDS, read, lambda memory: Changes("new_port", "warning", memory))
