"""TCP connect: whether something listens there, and how long the handshake takes."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from agent.probes.periodic import Check, Findings, Timing, periodic
from agent.probes.probe import ProbeFailedError, World
from agent.probes.whereabouts import HUB, resolve
from agent.wire.configuration import ProbeTarget


def host_and_port(target: ProbeTarget, world: World, default_port: int | None = None) -> tuple[str, int]:
    """Of `HOST:PORT`, `[ADDRESS]:PORT`, or the hub. Raises ProbeFailedError."""
    if not target.address and target.target == HUB:
        return world.hub.host, world.hub.port
    try:
        parts = urlsplit(f"//{target.address}")
        host, port = parts.hostname, parts.port or default_port
    except ValueError:
        host, port = None, None
    if not host or port is None or parts.path or parts.query:
        raise ProbeFailedError(f"the configured address {target.address!r} is not HOST:PORT")
    return host, port


def make(target: ProbeTarget, world: World) -> Check:
    async def check(timing: Timing) -> Findings:
        host, port = host_and_port(target, world)
        address = await resolve(host)
        timing.done("resolve")
        _reader, writer = await asyncio.open_connection(address, port)
        timing.done("connect")
        writer.close()
        return Findings()

    return check


PROBE = periodic((), make)
