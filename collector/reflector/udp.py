"""The reflector's socket: when a packet arrived by the kernel's stamp, to which address of ours, with which TTL.

Linux. Answers leave from the address that was asked, also when the socket listens on all of them.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from dataclasses import dataclass

from collector.reflector.core import Address

# asm-generic/socket.h and linux/in.h; Python 3.11 names none of them.
_SO_TIMESTAMPNS = 35
_SO_RXQ_OVFL = 40
_IP_PKTINFO = 8
_IP_RECVTTL = 12

_STAMP = (socket.SOL_SOCKET, _SO_TIMESTAMPNS)
_DROPS = (socket.SOL_SOCKET, _SO_RXQ_OVFL)
_INFO4 = (socket.IPPROTO_IP, _IP_PKTINFO)
_INFO6 = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO)
_TTLS = ((socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT))

_TIMESPEC = struct.Struct("@ll")
_PKTINFO4 = struct.Struct("@i4s4s")
_PKTINFO6 = struct.Struct("@16sI")
_INT = struct.Struct("@i")
_UNSIGNED = struct.Struct("@I")

RECEIVE_BUFFER_BYTES = 1024 * 1024
"""Half a second of 170 nodes even if this process is kept from running."""
_MAX_PACKET_BYTES = 2048
_ANCILLARY_BYTES = 256

Ancillary = list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Arrival:
    packet: bytes
    address: tuple[str, int] | tuple[str, int, int, int]
    received_at: float
    """Unix seconds, by the kernel if it says so."""
    ttl: int
    reply_from: Ancillary
    """Makes the answer leave from the address that was asked."""
    kernel_dropped: int | None
    """Packets that this socket lost in all because nobody fetched them in time."""

    @property
    def peer(self) -> Address:
        return self.address[0], self.address[1]


def parse_listen(text: str) -> tuple[socket.AddressFamily, str, int]:
    """`ADDRESS:PORT` or `[ADDRESS]:PORT`. Raises ValueError with what is wrong."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"{text!r} is not ADDRESS:PORT")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise ValueError(f"{host!r} is not an IP address") from None
    return (socket.AF_INET6 if address.version == 6 else socket.AF_INET), str(address), int(port)


def open_socket(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """Raises OSError."""
    one = socket.socket(family, socket.SOCK_DGRAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        one.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            one.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            one.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
        one.bind((host, port))
    except OSError:
        one.close()
        raise
    return one


def receive(one: socket.socket) -> Arrival | None:
    """The next packet; None when there is none now."""
    try:
        packet, ancillary, _flags, address = one.recvmsg(_MAX_PACKET_BYTES, _ANCILLARY_BYTES)
    except BlockingIOError:
        return None
    return _arrival(packet, ancillary, address, time.time())


def send(one: socket.socket, answer: bytes, arrival: Arrival) -> bool:
    """Whether the kernel took it."""
    try:
        one.sendmsg([answer], arrival.reply_from, 0, arrival.address)
    except OSError:
        return False
    return True


def _arrival(
    packet: bytes, ancillary: Ancillary, address: tuple[str, int] | tuple[str, int, int, int], read_at: float
) -> Arrival:
    received_at, ttl, dropped = read_at, 255, None
    reply_from: Ancillary = []
    for level, kind, content in ancillary:
        what = (level, kind)
        if what == _STAMP:
            seconds, nanoseconds = _TIMESPEC.unpack_from(content)
            received_at = seconds + nanoseconds / 1e9
        elif what == _DROPS:
            (dropped,) = _UNSIGNED.unpack_from(content)
        elif what in _TTLS:
            (ttl,) = _INT.unpack_from(content)
        elif what == _INFO4:
            _index, asked, _destination = _PKTINFO4.unpack_from(content)
            reply_from = [(level, kind, _PKTINFO4.pack(0, asked, b"\0\0\0\0"))]
        elif what == _INFO6:
            # The interface stays: a link-local address means nothing without it.
            reply_from = [(level, kind, content[: _PKTINFO6.size])]
    return Arrival(packet, address, received_at, ttl & 0xFF, reply_from, dropped)
