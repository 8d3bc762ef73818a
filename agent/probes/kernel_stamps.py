"""When a datagram arrived by the kernel's own stamp, which does not wait for this process."""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import suppress

# asm-generic/socket.h; Python names it from 3.14 on only.
_SO_TIMESTAMPNS = getattr(socket, "SO_TIMESTAMPNS", 35) if sys.platform == "linux" else None
_TIMESPEC = struct.Struct("@qq")
_LONGEST_PAUSE_SECONDS = 3600.0
_ANCILLARY_BYTES = 64


def ask_for_stamps(one: socket.socket) -> None:
    """Where the system has them."""
    if _SO_TIMESTAMPNS is not None:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive_from(one: socket.socket, limit: int) -> tuple[bytes, str, float | None]:
    """A datagram, its sender, and the kernel's receive stamp in Unix seconds, where there is one.

    Raises BlockingIOError, OSError.
    """
    if not hasattr(one, "recvmsg"):
        datagram, address = one.recvfrom(limit)
        return datagram, _host(address), None
    datagram, ancillary, _flags, address = one.recvmsg(limit, _ANCILLARY_BYTES)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(content) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(content)
            return datagram, _host(address), seconds + nanoseconds / 1e9
    return datagram, _host(address), None


def age(stamp: float | None, unix: float) -> float:
    """How long the datagram lay in the kernel. A clock set in between makes the stamp useless."""
    if stamp is None:
        return 0.0
    found = unix - stamp
    return found if 0.0 <= found <= _LONGEST_PAUSE_SECONDS else 0.0


def _host(address: object) -> str:
    return str(address[0]).partition("%")[0] if isinstance(address, tuple) else ""
