"""Machines on the office's LAN by their MAC addresses: another one behind the gateway's address, and new ones.

This machine's own table shows whom it spoke to; those of the router and switches that it polls show the whole LAN.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from agent.devices.arp_tables import Seen
from agent.samples import Family, Kind, Sample
from agent.signals.changes import Changes
from agent.signals.finding import Finding, Memory, Signal

INTERVAL_SECONDS = 60.0
ARP = Path("/proc/net/arp")
ANSWER_SECONDS = 10.0
MAX_NEIGHBOURS = 512
_COMPLETE = 0x2
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_WINDOWS_LINE = re.compile(r"\s+(\d+\.\d+\.\d+\.\d+)\s+([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})\s")


@dataclass(frozen=True, slots=True)
class Reading:
    """`macs` by address; `gateway`: its address, empty when there is none."""

    gateway: str = ""
    macs: Mapping[str, str] = field(default_factory=dict)
    of_devices: Mapping[str, Seen] | None = None
    """By MAC, whom the polled gear has seen; None when it was not asked since the look before."""


Arp = Callable[[], Mapping[str, Seen] | None]


def read(_since: float, arp: Arp = lambda: None) -> Reading:
    of_devices = arp()
    if sys.platform == "win32":
        answer = subprocess.run(["arp", "-a"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
        reading = Reading("", parse_arp_a(answer.stdout), of_devices)
    else:
        from agent.probes.routes import read_default_route

        route = read_default_route()
        text = ARP.read_text(encoding="ascii", errors="replace")
        reading = Reading((route.gateway or "") if route is not None else "", parse_arp(text), of_devices)
    return reading


def parse_arp(text: str) -> dict[str, str]:
    """Of /proc/net/arp; only what has answered."""
    found = {}
    for line in text.splitlines()[1:]:
        words = line.split()
        try:
            complete = int(words[2], 16) & _COMPLETE
        except (IndexError, ValueError):
            continue
        if complete and len(words) >= 4 and _usable(mac := words[3].lower()):
            found[words[0]] = mac
    return dict(list(found.items())[:MAX_NEIGHBOURS])


def parse_arp_a(text: str) -> dict[str, str]:
    """Of Windows' `arp -a`."""
    found = {}
    for line in text.splitlines():
        if (match := _WINDOWS_LINE.match(line + " ")) and _usable(mac := match[2].lower().replace("-", ":")):
            found[match[1]] = mac
    return dict(list(found.items())[:MAX_NEIGHBOURS])


def _usable(mac: str) -> bool:
    return _MAC.fullmatch(mac) is not None and mac != "00:00:00:00:00:00" and not int(mac[:2], 16) & 1


def is_made_up(mac: str) -> bool:
    """Locally administered (IEEE 802): telephones make themselves a new one for each network, or each day."""
    return bool(int(mac[:2], 16) & 2)


class Neighbours:
    """The gateway's MAC is known from the first sight on: seven days are too long to be deceived.

    The gear's tables have a baseline of their own, learned when there is gear to ask; what the one knows is not told
    by the other again.
    """

    def __init__(self, memory: Memory | None) -> None:
        held = memory or {}
        self._gateway = Changes("gateway_mac", "critical", held.get("gateway"), _ip, learning_seconds=600.0)
        self._macs = Changes("new_mac", "info", held.get("macs"))
        self._of_devices = Changes("new_mac", "info", held.get("of_devices"))
        self._count = 0

    def look(self, reading: Reading, now: float, packages_at: float | None) -> list[Finding]:
        self._count = len(reading.macs)
        findings = []
        mac = reading.macs.get(reading.gateway)
        if mac is not None:
            seen = {f"{reading.gateway} {mac}": {"mac": mac}}
            findings += self._gateway.look(seen, now, None)
        lasting = {mac: {"address": address} for address, mac in reading.macs.items() if not is_made_up(mac)}
        told = self._macs.look(lasting, now, None)
        if not self._of_devices.learning:
            told = [one for one in told if not self._of_devices.knows(one.subject)]
        if reading.of_devices is not None:
            there = {
                mac: {"address": seen.address, "device": seen.device}
                for mac, seen in reading.of_devices.items()
                if not is_made_up(mac)
            }
            told += [one for one in self._of_devices.look(there, now, None) if not self._macs.knows(one.subject)]
        return [*findings, *told]

    def memory(self) -> Memory:
        return {
            "gateway": self._gateway.memory(),
            "macs": self._macs.memory(),
            "of_devices": self._of_devices.memory(),
        }

    def figures(self) -> list[Sample]:
        return [Sample("thongsuot_lan_neighbours", self._count)]


def _ip(key: str) -> str:
    return key.split(" ", 1)[0]


def signal(arp: Arp) -> Signal[Reading]:
    return Signal(
        INTERVAL_SECONDS,
        partial(read, arp=arp),
        Neighbours,
        monthly_budget=40,
        families=(
            Family("thongsuot_lan_neighbours", Kind.GAUGE, "Machines of the LAN that this one has spoken to."),
        ),
    )
