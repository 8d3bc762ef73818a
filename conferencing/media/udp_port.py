"""The worker's one UDP port: a socket per local address, each datagram handed on with where it came in.

A wildcard socket would answer from the route's address, which browsers drop: hence one socket per address.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import ifaddr

from conferencing.media.counters import Counters
from conferencing.media.secure_transport import LONGEST_PACKET, PacketBuffer

logger = logging.getLogger(__name__)

SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
DATAGRAMS_PER_WAKE = 64
"""Then other sockets and timers have their turn."""
SOCKETS_LIMIT = 16


class PortError(OSError):
    """The UDP port cannot be opened as configured; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Listen:
    """`host` 0.0.0.0 or :: stands for all local addresses of that family. Port 0: any free one.

    `required` False: one of those, and an address that is just going away (IPv6 privacy) ends no start.
    """

    host: str
    port: int
    required: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One bound socket."""

    socket: socket.socket
    host: str
    port: int


class DatagramHandler(Protocol):
    def datagram(self, endpoint: Endpoint, packet: PacketBuffer, length: int, source: tuple[str, int]) -> None:
        """One datagram, in a buffer that is reused after the return."""


def local_addresses(family: int) -> list[str]:
    """Addresses of this machine that a candidate can name: link-local ones need a scope and are left out."""
    found = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            address = ipaddress.ip_address(text)
            if address.version == family and not address.is_link_local:
                found.append(text)
    # Loopback last: its candidate is of use on this machine only.
    return sorted(dict.fromkeys(found), key=lambda text: ipaddress.ip_address(text).is_loopback)


def expand(listens: Sequence[Listen]) -> list[Listen]:
    """Wildcards replaced by what they stand for. Raises ValueError when a host is not an IP address."""
    expanded: list[Listen] = []
    for listen in listens:
        address = ipaddress.ip_address(listen.host)
        if address.is_unspecified:
            expanded.extend(Listen(text, listen.port, False) for text in local_addresses(address.version))
        else:
            expanded.append(listen)
    return list(dict.fromkeys(expanded))[:SOCKETS_LIMIT]


class UdpPort:
    """Bound sockets, read as long as the context is open."""

    def __init__(self, listens: Iterable[Listen], counters: Counters) -> None:
        self._counters = counters
        self._packet = PacketBuffer()
        self._room = self._packet.view[:LONGEST_PACKET]
        self.endpoints: tuple[Endpoint, ...] = ()
        opened: list[Endpoint] = []
        try:
            for listen in listens:
                # Any free port is chosen once: the worker has one port, whatever the address.
                port = listen.port or (opened[0].port if opened else 0)
                try:
                    opened.append(_bind(Listen(listen.host, port)))
                except PortError as error:
                    if listen.required or error.errno != errno.EADDRNOTAVAIL:
                        raise
                    logger.warning("x %s; this address is left out", error)
            if not opened:
                raise PortError("none of the addresses to listen on is of this machine")
        except OSError:
            for endpoint in opened:
                endpoint.socket.close()
            raise
        self.endpoints = tuple(opened)

    def start(self, handler: DatagramHandler) -> None:
        loop = asyncio.get_running_loop()
        for endpoint in self.endpoints:
            loop.add_reader(endpoint.socket.fileno(), self._readable, endpoint, handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        loop = asyncio.get_running_loop()
        for endpoint in self.endpoints:
            loop.remove_reader(endpoint.socket.fileno())
            endpoint.socket.close()

    def _readable(self, endpoint: Endpoint, handler: DatagramHandler) -> None:
        counters = self._counters
        receive = endpoint.socket.recvfrom_into
        for _ in range(DATAGRAMS_PER_WAKE):
            try:
                length, source = receive(self._room)
            except BlockingIOError:
                return
            except OSError:
                # ICMP errors of earlier sends; the next datagram is unharmed.
                counters.drop("socket_error")
                continue
            counters.packets_received += 1
            counters.bytes_received += length
            try:
                handler.datagram(endpoint, self._packet, length, source)
            except Exception:
                counters.drop("internal_error")
                logger.exception("x datagram of %d bytes", length)


def _bind(listen: Listen) -> Endpoint:
    try:
        address = ipaddress.ip_address(listen.host)
    except ValueError:
        raise PortError(f"{listen.host}: not an IP address") from None
    opened = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        if address.version == 6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        opened.bind((listen.host, listen.port))
    except OSError as error:
        opened.close()
        refused = PortError(f"UDP {listen.host}:{listen.port}: {error.strerror}")
        refused.errno = error.errno
        raise refused from error
    return Endpoint(opened, listen.host, int(opened.getsockname()[1]))
