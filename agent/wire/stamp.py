"""STAMP test packets in authenticated mode (RFC 8762 section 4.2.2 and 4.3.2, session id of RFC 8972).

Knows bytes only: no sockets, no clocks, no sessions.
"""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

PACKET_BYTES = 112
"""Both directions are of one size, so that neither amplifies (RFC 8762 section 4.2.1)."""

_HMAC_BYTES = 16
_AUTHENTICATED_BYTES = PACKET_BYTES - _HMAC_BYTES
# Seconds from the NTP era (1900) to the Unix epoch, RFC 5905 section 6.
_NTP_UNIX_OFFSET_SECONDS = 2_208_988_800
# S=0 (not synchronised), Z=0 (NTP), scale 0, multiplier 1: RFC 4656 section 4.1.2 forbids multiplier 0.
ERROR_ESTIMATE_UNSYNCHRONISED = 0x0001

_SENDER = struct.Struct("!I12xQHH68x")
# The last four reserved bytes say when the reflector started. RFC 8762 section 4.3.2 makes every receiver
# ignore them; zero, as in any other reflector's packets, means "not said".
_REFLECTOR = struct.Struct("!I12xQHH4xQ8xI12xQH6xB11xI")


class StampError(ValueError):
    """The peer's packet is not a valid STAMP packet for this session."""


@dataclass(frozen=True, slots=True)
class SenderPacket:
    """Session-Sender → Session-Reflector. `timestamp` in Unix seconds, by the sender's clock."""

    sequence_number: int
    timestamp: float
    ssid: int


@dataclass(frozen=True, slots=True)
class ReflectorPacket:
    """Session-Reflector → Session-Sender. Times in Unix seconds; the first two by the reflector's clock."""

    sequence_number: int
    timestamp: float
    ssid: int
    receive_timestamp: float
    sender_sequence_number: int
    sender_timestamp: float
    sender_ttl: int
    reflector_start: int = 0
    """Unix seconds at which the reflector began to count, 0 when it does not say. It tells a restarted
    reflector from a node whose address changed on the way, where the count begins again as well."""


def to_ntp(unix_seconds: float) -> int:
    """64-bit NTP timestamp (RFC 5905) of a Unix time; the era wraps in 2036 as the format does."""
    return round((unix_seconds + _NTP_UNIX_OFFSET_SECONDS) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def from_ntp(ntp: int) -> float:
    """Unix seconds of a 64-bit NTP timestamp, taking values before 1968 as the era after 2036."""
    seconds = ntp / (1 << 32) - _NTP_UNIX_OFFSET_SECONDS
    return seconds if ntp >> 63 else seconds + (1 << 32)


def peek_ssid(packet: bytes | memoryview) -> int:
    """Session id of an unverified packet of either direction, to find the key by.

    Raises StampError when the length is wrong.
    """
    if len(packet) != PACKET_BYTES:
        raise StampError(f"length {len(packet)} is not {PACKET_BYTES}")
    return int.from_bytes(packet[26:28], "big")


def encode_sender(packet: SenderPacket, key: bytes) -> bytes:
    body = _SENDER.pack(packet.sequence_number, to_ntp(packet.timestamp), ERROR_ESTIMATE_UNSYNCHRONISED, packet.ssid)
    return body + _mac(body, key)


def decode_sender(packet: bytes, key: bytes) -> SenderPacket:
    """Raises StampError on a wrong length or HMAC."""
    sequence_number, timestamp, _error, ssid = _SENDER.unpack(_verified(packet, key))
    return SenderPacket(sequence_number, from_ntp(timestamp), ssid)


def encode_reflector(packet: ReflectorPacket, key: bytes) -> bytes:
    body = _REFLECTOR.pack(
        packet.sequence_number,
        to_ntp(packet.timestamp),
        ERROR_ESTIMATE_UNSYNCHRONISED,
        packet.ssid,
        to_ntp(packet.receive_timestamp),
        packet.sender_sequence_number,
        to_ntp(packet.sender_timestamp),
        ERROR_ESTIMATE_UNSYNCHRONISED,
        packet.sender_ttl,
        packet.reflector_start,
    )
    return body + _mac(body, key)


def decode_reflector(packet: bytes, key: bytes) -> ReflectorPacket:
    """Raises StampError on a wrong length or HMAC."""
    (sequence_number, timestamp, _error, ssid, received, sender_sequence, sender_time, _sender_error, ttl, start) = (
        _REFLECTOR.unpack(_verified(packet, key))
    )
    return ReflectorPacket(
        sequence_number,
        from_ntp(timestamp),
        ssid,
        from_ntp(received),
        sender_sequence,
        from_ntp(sender_time),
        ttl,
        start,
    )


def _mac(body: bytes, key: bytes) -> bytes:
    # RFC 8762 section 4.4: HMAC-SHA-256 truncated to 128 bits over all that precedes it.
    return hmac.digest(key, body, "sha256")[:_HMAC_BYTES]


def _verified(packet: bytes, key: bytes) -> bytes:
    if len(packet) != PACKET_BYTES:
        raise StampError(f"length {len(packet)} is not {PACKET_BYTES}")
    body = packet[:_AUTHENTICATED_BYTES]
    if not hmac.compare_digest(packet[_AUTHENTICATED_BYTES:], _mac(body, key)):
        raise StampError("HMAC does not match this session's key")
    return body
