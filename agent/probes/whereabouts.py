"""Where the targets are that a node finds out itself: its gateway, the provider's first hop, the hub.

Remembers what it found: a gateway whose route has gone with the cable is still the one to ask for.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable

from agent.probes.routes import DefaultRoute, read_default_route
from agent.workers import run_once

RESOLVE_SECONDS = 10.0

GATEWAY, FIRST_HOP, HUB = "gateway", "first_hop", "hub"


class Whereabouts:
    """`first_hop`: what the path probe found last, also in an earlier process. `hub_host` is set anew when the
    node talks to its hub under another address; the probes of the hub follow.
    """

    def __init__(self, hub_host: str, read_route: Callable[[], DefaultRoute | None] = read_default_route) -> None:
        self.hub_host = hub_host
        self.first_hop: str | None = None
        self.retrace = asyncio.Event()
        """Set by who finds the first hop silent: the path may be another now."""
        self._read_route = read_route
        self._gateway: str | None = None

    @property
    def gateway(self) -> str | None:
        route = self._read_route()
        if route is not None:
            self._gateway = route.gateway
        return self._gateway

    async def addresses(self, target: str, address: str) -> tuple[str, ...]:
        """IP addresses, best first; none while there is none. Raises OSError, TimeoutError when a name has none."""
        if address:
            return await resolve_all(address)
        found = None
        match target:
            case "gateway":
                found = self.gateway
            case "first_hop":
                found = self.first_hop
            case "hub":
                return await resolve_all(self.hub_host)
        return () if found is None else (found,)


async def resolve(host: str) -> str:
    """The first address of a name. Raises OSError, TimeoutError."""
    return (await resolve_all(host))[0]


async def resolve_all(host: str) -> tuple[str, ...]:
    """Raises OSError, TimeoutError."""
    if is_address(host):
        return (host,)
    async with asyncio.timeout(RESOLVE_SECONDS):
        found = await run_once(f"resolve {host}", socket.getaddrinfo, host, None, type=socket.SOCK_DGRAM)
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
