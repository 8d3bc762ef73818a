"""IPv4 packets on an emulated line: what the log says of them, and a NAPT's rewriting. Pure."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from itertools import count

ICMP, TCP, UDP = socket.IPPROTO_ICMP, socket.IPPROTO_TCP, socket.IPPROTO_UDP
HEAD_BYTES = 64
_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_FIRST_PUBLIC_PORT = 20_000


@dataclass(frozen=True, slots=True)
class Packet:
    """`source_port` and `destination_port` are both the id of an ICMP echo; 0 where there are none."""

    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    head: bytes
    """The first bytes after the header of UDP; of ICMP the whole message's."""


def look(packet: bytes) -> Packet | None:
    """None for what is no whole IPv4 packet."""
    if len(packet) < 28 or packet[0] >> 4 != 4:
        return None
    begin = (packet[0] & 15) * 4
    protocol = packet[9]
    source, destination = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    if len(packet) < begin + 8:
        return None
    if protocol == ICMP:
        number = int.from_bytes(packet[begin + 4 : begin + 6], "big") if packet[begin] in (0, 8) else 0
        return Packet(protocol, source, destination, number, number, packet[begin : begin + HEAD_BYTES])
    if protocol in (TCP, UDP):
        source_port, destination_port = struct.unpack_from("!HH", packet, begin)
        return Packet(
            protocol, source, destination, source_port, destination_port, packet[begin + 8 : begin + 8 + HEAD_BYTES]
        )
    return Packet(protocol, source, destination, 0, 0, b"")


class Napt:
    """Sources become the line's own address with ports of its own. ICMP errors pass untouched."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses
        self._turn = 0
        self._ports = count(_FIRST_PUBLIC_PORT)
        self._out: dict[tuple[int, str, int], int] = {}
        self._back: dict[tuple[int, str, int], tuple[str, int]] = {}

    @property
    def address(self) -> str:
        return self._addresses[self._turn % len(self._addresses)]

    def rebind(self, address: bool) -> None:
        """Forget every mapping; with `address`, take another address as well (a new PPPoE session)."""
        self._out.clear()
        self._back.clear()
        self._turn += address

    def outward(self, packet: bytes) -> bytes:
        seen = look(packet)
        if seen is None or not seen.source_port:
            return packet
        key = (seen.protocol, seen.source, seen.source_port)
        port = self._out.get(key)
        if port is None:
            port = self._out[key] = next(self._ports)
            self._back[seen.protocol, self.address, port] = (seen.source, seen.source_port)
        return _rewrite(packet, seen.protocol, self.address, port, source=True)

    def inward(self, packet: bytes) -> bytes | None:
        """None when it is mapped to nobody."""
        seen = look(packet)
        if seen is None or not seen.destination_port:
            return packet
        found = self._back.get((seen.protocol, seen.destination, seen.destination_port))
        if found is None:
            return None
        return _rewrite(packet, seen.protocol, *found, source=False)


def _rewrite(packet: bytes, protocol: int, address: str, port: int, source: bool) -> bytes:
    begin = (packet[0] & 15) * 4
    one = bytearray(packet)
    at = 12 if source else 16
    one[at : at + 4] = socket.inet_aton(address)
    one[10:12] = b"\0\0"
    one[10:12] = _sum(one[:begin]).to_bytes(2, "big")
    if protocol == ICMP:
        one[begin + 4 : begin + 6] = port.to_bytes(2, "big")
        checksum_at, pseudo = begin + 2, b""
    else:
        place = begin if source else begin + 2
        one[place : place + 2] = port.to_bytes(2, "big")
        checksum_at = begin + (6 if protocol == UDP else 16)
        pseudo = bytes(one[12:20]) + struct.pack("!BBH", 0, protocol, len(one) - begin)
    if protocol == UDP and one[checksum_at : checksum_at + 2] == b"\0\0":
        return bytes(one)
    one[checksum_at : checksum_at + 2] = b"\0\0"
    one[checksum_at : checksum_at + 2] = _sum(pseudo + one[begin:]).to_bytes(2, "big")
    return bytes(one)


def _sum(content: bytes | bytearray) -> int:
    """RFC 1071."""
    if len(content) % 2:
        content = bytes(content) + b"\0"
    total: int = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
