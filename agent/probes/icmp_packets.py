"""ICMP echo (RFC 792, RFC 4443): requests as bytes, and what comes back. Pure.

Ping sockets and raw ones hand out different cuts of the same packets; both are parsed here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEADER = struct.Struct("!BBHHH")
_ECHO_REPLY, _ECHO_REQUEST, _TIME_EXCEEDED = 0, 8, 11
_ECHO_REQUEST_6, _ECHO_REPLY_6, _TIME_EXCEEDED_6 = 128, 129, 3
_IPV4_MINIMUM = 20
_IPV6_HEADER = 40


@dataclass(frozen=True, slots=True)
class EchoReply:
    """`identifier` means nothing on a ping socket, where the kernel has compared it already."""

    identifier: int
    sequence_number: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class TimeExceeded:
    """A router let our echo request with this number die, because its TTL was spent there."""

    identifier: int
    sequence_number: int


Message = EchoReply | TimeExceeded


def encode_request(version: int, identifier: int, sequence_number: int, payload: bytes) -> bytes:
    """`version` 4 or 6. ICMPv6's checksum is the kernel's to fill in."""
    if version == 6:
        return _HEADER.pack(_ECHO_REQUEST_6, 0, 0, identifier, sequence_number) + payload
    checksum = internet_checksum(_HEADER.pack(_ECHO_REQUEST, 0, 0, identifier, sequence_number) + payload)
    return _HEADER.pack(_ECHO_REQUEST, 0, checksum, identifier, sequence_number) + payload


def parse_message(version: int, message: bytes) -> Message | None:
    """An ICMP message without IP header; None for what is no answer to an echo request."""
    if len(message) < _HEADER.size:
        return None
    kind, code, _checksum, identifier, number = _HEADER.unpack_from(message)
    if kind == (_ECHO_REPLY if version == 4 else _ECHO_REPLY_6) and code == 0:
        return EchoReply(identifier, number, message[_HEADER.size :])
    if kind == (_TIME_EXCEEDED if version == 4 else _TIME_EXCEEDED_6) and code == 0:
        return _quoted(version, message[_HEADER.size :])
    return None


def strip_ipv4(packet: bytes) -> bytes:
    """The content of an IPv4 packet, as raw sockets hand them out; empty when it is none."""
    if len(packet) < _IPV4_MINIMUM or packet[0] >> 4 != 4:
        return b""
    return packet[(packet[0] & 15) * 4 :]


def quoted_request(version: int, request: bytes) -> TimeExceeded | None:
    """From our own request as an error queue gives it back."""
    if len(request) < _HEADER.size:
        return None
    kind, _code, _checksum, identifier, number = _HEADER.unpack_from(request)
    if kind != (_ECHO_REQUEST if version == 4 else _ECHO_REQUEST_6):
        return None
    return TimeExceeded(identifier, number)


def internet_checksum(content: bytes) -> int:
    """RFC 1071."""
    padded = content + b"\0" * (len(content) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _quoted(version: int, packet: bytes) -> TimeExceeded | None:
    return quoted_request(version, strip_ipv4(packet) if version == 4 else packet[_IPV6_HEADER:])
