"""The security signals of a node. Adding one: a file beside these, a line here, a fixture in the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.signals import administrators, certificates, files, logins, neighbours, ports, updates, usb
from agent.signals.finding import Signal


def signals(ca: Path, arp: neighbours.Arp = lambda: None) -> dict[str, Signal[Any]]:
    """`ca`: the authority in the state folder; `arp`: the tables of the LAN's gear, each shown once."""
    return {
        "logins": logins.SIGNAL,
        "ports": ports.SIGNAL,
        "administrators": administrators.SIGNAL,
        "neighbours": neighbours.signal(arp),
        "files": files.SIGNAL,
        "updates": updates.SIGNAL,
        "usb": usb.SIGNAL,
        "certificates": certificates.signal(ca),
    }
