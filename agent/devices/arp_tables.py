"""Whom the devices have in their ARP tables, for who looks for new machines on the LAN. Knows no SNMP."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

MAX_NEIGHBOURS = 2048


@dataclass(frozen=True, slots=True)
class Seen:
    """By MAC (lower case, colons): the address, and the device that has it."""

    address: str
    device: str


class ArpTables:
    """Each table is shown once: a machine seen in it twice was seen by two polls."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Seen]] = {}
        self._fresh: set[str] = set()

    def put(self, device: str, macs: Mapping[str, bytes]) -> None:
        """`macs`: by IPv4 address. What is on the provider's side, by a public address, is none of the office's."""
        table = {
            ":".join(f"{one:02x}" for one in mac): Seen(address, device)
            for address, mac in macs.items()
            if _is_private(address) and not mac[0] & 1
        }
        self._tables[device] = dict(list(table.items())[:MAX_NEIGHBOURS])
        self._fresh.add(device)

    def forget(self, device: str) -> None:
        """It answers no more, or is polled no more."""
        self._tables.pop(device, None)
        self._fresh.discard(device)

    def take(self) -> Mapping[str, Seen] | None:
        """All tables, once each has been read anew since the last time; None until then."""
        tables = dict(self._tables)
        if not tables or self._fresh < tables.keys():
            return None
        self._fresh = set()
        return {mac: seen for table in tables.values() for mac, seen in table.items()}


def _is_private(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False
