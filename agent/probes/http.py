"""HTTP GET with its phases: resolve, connect, tls, processing (until the first byte), transfer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.hub_client import trusting_system
from agent.probes.http_head import Head, HeadError, parse_head
from agent.probes.periodic import Check, Findings, Timing, periodic
from agent.probes.probe import ProbeFailedError, World
from agent.probes.whereabouts import HUB, resolve
from agent.samples import Family, Kind, Sample
from agent.wire import families
from agent.wire.configuration import ProbeTarget

HEALTH_PATH = "/healthz"
MAX_BODY_BYTES = 1024 * 1024
"""More is not fetched; the answer counts all the same."""
MAX_HEAD_BYTES = 32 * 1024
CHUNK_BYTES = 64 * 1024

FAMILIES = (Family(families.HTTP_STATUS, Kind.GAUGE, "Status code of the answer."),)


@dataclass(frozen=True, slots=True)
class Place:
    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse_place(url: str) -> Place:
    """Raises ProbeFailedError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(mark <= " " for mark in url):
        raise ProbeFailedError(f"the configured address {url!r} is not http://… or https://…")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(secure, parts.hostname, port or (443 if secure else 80), path)


def place_of(target: ProbeTarget, world: World) -> Place:
    """Raises ProbeFailedError."""
    if not target.address and target.target == HUB:
        hub = world.hub
        return Place(hub.secure, hub.host, hub.port, hub.path + HEALTH_PATH)
    return parse_place(target.address)


async def connect(
    place: Place, own: bool, world: World, timing: Timing
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """`own`: the hub, by its own authority. Raises OSError."""
    address = await resolve(place.host)
    timing.done("resolve")
    reader, writer = await asyncio.open_connection(address, place.port)
    try:
        timing.done("connect")
        if place.secure:
            context = world.context if own and world.context is not None else trusting_system()
            await writer.start_tls(context, server_hostname=place.host)
            timing.done("tls")
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Raises OSError, ProbeFailedError."""
    try:
        return parse_head(await reader.readuntil(b"\r\n\r\n"))
    except (HeadError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ProbeFailedError(f"the answer is not HTTP: {error}") from None


def make(target: ProbeTarget, world: World) -> Check:
    async def check(timing: Timing) -> Findings:
        place = place_of(target, world)
        reader, writer = await connect(place, not target.address, world, timing)
        try:
            request = f"GET {place.path} HTTP/1.1\r\nHost: {place.host_header}\r\nConnection: close\r\n"
            writer.write((request + "User-Agent: thongsuot-agent\r\nAccept: */*\r\n\r\n").encode())
            await writer.drain()
            head = await read_head(reader)
            timing.done("processing")
            await _read_body(reader, head)
            timing.done("transfer")
        finally:
            writer.transport.abort()
        status = Sample(families.HTTP_STATUS, head.status, (("target", target.target),))
        return Findings((status,), "" if 200 <= head.status < 400 else f"status {head.status}")

    return check


async def _read_body(reader: asyncio.StreamReader, head: Head) -> None:
    left = MAX_BODY_BYTES if head.length is None else min(head.length, MAX_BODY_BYTES)
    while left > 0:
        found = await reader.read(min(left, CHUNK_BYTES))
        if not found:
            if head.length is not None and left > 0:
                raise ProbeFailedError("the answer was broken off")
            return
        left -= len(found)


PROBE = periodic(FAMILIES, make)
