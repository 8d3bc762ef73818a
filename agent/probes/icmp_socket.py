"""Sockets for ICMP echo: a ping socket where the system allows it, a raw one otherwise.

Ping sockets need `net.ipv4.ping_group_range` to hold the process' group, raw ones CAP_NET_RAW (on Windows an
administrator). Knows no schedule.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from agent.probes.icmp_packets import (
    EchoReply,
    TimeExceeded,
    encode_request,
    parse_message,
    quoted_request,
    strip_ipv4,
)
from agent.probes.kernel_stamps import age, ask_for_stamps, receive_from

PACKET_BYTES = 2048
PACKETS_PER_TURN = 64
_LINUX = sys.platform == "linux"
# linux/icmp.h and linux/icmpv6.h, linux/errqueue.h, linux/in.h, linux/in6.h: not all named by Python 3.11.
_SOL_RAW, _ICMP_FILTER = 255, 1
_ICMP6_FILTER = 1
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_MSG_ERRQUEUE = 0x2000
_EXTENDED_ERROR = struct.Struct("@IBBBBII")
_FROM_ICMP = {4: 2, 6: 3}
_TIME_EXCEEDED = {4: 11, 6: 3}


@dataclass(frozen=True, slots=True)
class Received:
    """`received_at` by the monotonic clock."""

    message: EchoReply | TimeExceeded
    sender: str
    received_at: float


class EchoSocket:
    """Not blocking. `errors`: also hear of requests that died on the way. Raises OSError."""

    def __init__(self, version: int, errors: bool = False) -> None:
        self.version = version
        self._family = socket.AF_INET if version == 4 else socket.AF_INET6
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._errors = errors
        self.raw = False
        try:
            self._socket = self._open(socket.SOCK_DGRAM)
        except OSError:
            self.raw = True
            self._socket = self._open(socket.SOCK_RAW)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, address: str, number: int, payload: bytes, ttl: int | None = None) -> float:
        """The monotonic time just before. Raises OSError."""
        if ttl is not None:
            if self.version == 4:
                self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
            else:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        request = encode_request(self.version, self._identifier, number, payload)
        sent_at = time.monotonic()
        self._socket.sendto(request, (address, 0))
        return sent_at

    def receive(self) -> Iterator[Received]:
        """What has come by now; what is not meant for this socket is left out."""
        for _ in range(PACKETS_PER_TURN):
            try:
                packet, sender, stamp = receive_from(self._socket, PACKET_BYTES)
            except BlockingIOError:
                break
            except OSError:
                # An error of an earlier request; the error queue has it too.
                continue
            now, unix = time.monotonic(), time.time()
            message = parse_message(self.version, strip_ipv4(packet) if self._has_header else packet)
            if message is not None and self._is_ours(message):
                yield Received(message, sender, now - age(stamp, unix))
        if self._errors and _LINUX and not self.raw:
            yield from self._receive_errors()

    def _open(self, kind: socket.SocketKind) -> socket.socket:
        protocol = socket.IPPROTO_ICMP if self.version == 4 else socket.IPPROTO_ICMPV6
        one = socket.socket(self._family, kind, protocol)
        try:
            one.setblocking(False)
            ask_for_stamps(one)
            if kind == socket.SOCK_RAW and _LINUX:
                self._filter(one)
            if kind == socket.SOCK_DGRAM and self._errors and _LINUX:
                if self.version == 4:
                    one.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
                else:
                    one.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        except BaseException:
            one.close()
            raise
        return one

    def _filter(self, one: socket.socket) -> None:
        """Let answers through only: a raw socket sees all ICMP of the machine, its own requests on loopback too."""
        with suppress(OSError):
            if self.version == 4:
                passes = (1 << 0) | (1 << 11)
                one.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("@I", ~passes & 0xFFFF_FFFF))
            else:
                blocks = bytearray(b"\xff" * 32)
                for passing in (3, 129):
                    word, bit = divmod(passing, 32)
                    (value,) = struct.unpack_from("@I", blocks, word * 4)
                    struct.pack_into("@I", blocks, word * 4, value & ~(1 << bit))
                one.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, bytes(blocks))

    @property
    def _has_header(self) -> bool:
        # Linux' ping sockets leave the IP header off, macOS' do not.
        return self.version == 4 and (self.raw or not _LINUX)

    def _is_ours(self, message: EchoReply | TimeExceeded) -> bool:
        return not self.raw or message.identifier == self._identifier

    def _receive_errors(self) -> Iterator[Received]:
        if not hasattr(self._socket, "recvmsg"):
            return
        for _ in range(PACKETS_PER_TURN):
            try:
                request, ancillary, _flags, _address = self._socket.recvmsg(PACKET_BYTES, 512, _MSG_ERRQUEUE)
            except OSError:
                return
            now = time.monotonic()
            message = quoted_request(self.version, request)
            sender = offender(self.version, ancillary)
            if message is not None and sender is not None:
                yield Received(message, sender, now)


def offender(version: int, ancillary: list[tuple[int, int, bytes]]) -> str | None:
    """The router at which the TTL was spent, from a `sock_extended_err`; None for other errors."""
    levels = {(socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)}
    for level, kind, content in ancillary:
        if (level, kind) not in levels or len(content) < _EXTENDED_ERROR.size:
            continue
        _errno, origin, icmp_type, code, _pad, _info, _data = _EXTENDED_ERROR.unpack_from(content)
        if origin != _FROM_ICMP[version] or icmp_type != _TIME_EXCEEDED[version] or code != 0:
            return None
        # A sockaddr follows: family, port, then the address (after four bytes of flow label in IPv6).
        at, size = _EXTENDED_ERROR.size + (4 if version == 4 else 8), 4 if version == 4 else 16
        raw = content[at : at + size]
        return (
            socket.inet_ntop(socket.AF_INET if version == 4 else socket.AF_INET6, raw) if len(raw) == size else None
        )
    return None
