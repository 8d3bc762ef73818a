"""The default route, from Linux' own tables. `parse_…` are pure; where there is no such table there is no route."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

PROC_NET = Path("/proc/thread-self/net")
_UP, _GATEWAY, _REJECT = 0x1, 0x2, 0x200


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    """`gateway` None: straight onto a point-to-point line."""

    interface: str
    gateway: str | None


def read_default_route(proc_net: Path = PROC_NET) -> DefaultRoute | None:
    """IPv4's, or IPv6's where only that is there."""
    return parse_route(_read(proc_net / "route")) or parse_ipv6_route(_read(proc_net / "ipv6_route"))


def parse_route(text: str) -> DefaultRoute | None:
    """`/proc/net/route`: of several default routes that with the lowest metric."""
    found: list[tuple[int, DefaultRoute]] = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        try:
            destination, gateway, flags, mask = (int(fields[index], 16) for index in (1, 2, 3, 7))
            metric = int(fields[6])
            if destination or mask or not flags & _UP or flags & _REJECT:
                continue
            # The table's numbers are in the machine's order; every Linux that matters here is little-endian.
            address = str(ipaddress.IPv4Address(gateway.to_bytes(4, "little"))) if flags & _GATEWAY else None
        except (ValueError, OverflowError):
            continue
        found.append((metric, DefaultRoute(fields[0], address)))
    return min(found, key=lambda one: one[0])[1] if found else None


def parse_ipv6_route(text: str) -> DefaultRoute | None:
    """`/proc/net/ipv6_route`."""
    found: list[tuple[int, DefaultRoute]] = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10:
            continue
        try:
            destination, prefix, gateway, metric, flags = (int(fields[index], 16) for index in (0, 1, 4, 5, 8))
            if destination or prefix or not flags & _UP or flags & _REJECT or fields[9] == "lo":
                continue
            address = ipaddress.IPv6Address(gateway) if flags & _GATEWAY and gateway else None
        except (ValueError, OverflowError):
            continue
        # A link-local gateway means nothing without its interface.
        scoped = f"{address}%{fields[9]}" if address is not None and address.is_link_local else address
        found.append((metric, DefaultRoute(fields[9], None if scoped is None else str(scoped))))
    return min(found, key=lambda one: one[0])[1] if found else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
