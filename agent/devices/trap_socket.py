"""Where traps arrive: the socket that systemd hands over, else UDP port 162, else 1162 for who may not bind that."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)

PORT = 162
UNPRIVILEGED_PORT = 1162
FIRST_HANDED_DESCRIPTOR = 3

Take = Callable[[bytes, str], None]
"""A datagram and the address that it came from."""


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, take: Take) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._take(data, addr[0].removeprefix("::ffff:"))

    def error_received(self, exc: Exception) -> None:
        logger.debug("x traps: %s", exc)


@asynccontextmanager
async def receiving(take: Take, ports: tuple[int, ...] = (PORT, UNPRIVILEGED_PORT)) -> AsyncIterator[int | None]:
    """The port on which traps are taken; None: on none, devices are polled all the same."""
    found = open_socket(ports)
    if found is None:
        yield None
        return
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Protocol(take), sock=found)
    try:
        yield found.getsockname()[1]
    finally:
        transport.close()


def open_socket(ports: tuple[int, ...]) -> socket.socket | None:
    handed = handed_over(os.environ, os.getpid())
    if handed is not None:
        return handed
    said = ""
    for port in ports:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            one.bind(("0.0.0.0", port))  # noqa: S104 - devices of the LAN send here
        except OSError as error:
            one.close()
            said = f"{said}port {port}: {error.strerror}; "
            continue
        one.setblocking(False)
        if said:
            logger.warning("traps: %staking port %d instead: let the devices send there", said, port)
        return one
    logger.warning("traps: %snone are received; devices are polled all the same", said)
    return None


def handed_over(environment: os._Environ[str] | dict[str, str], pid: int) -> socket.socket | None:
    """sd_listen_fds(3): port 162 without any right to it."""
    if environment.get("LISTEN_PID") != str(pid) or environment.get("LISTEN_FDS", "0") == "0":
        return None
    try:
        one = socket.socket(fileno=FIRST_HANDED_DESCRIPTOR)
    except OSError as error:
        logger.warning("traps: the socket handed over by systemd cannot be used: %s", error)
        return None
    one.setblocking(False)
    return one
