"""DNS questions and answers (RFC 1035) for A and AAAA. Pure."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

A, AAAA = 1, 28
NO_ERROR, NO_SUCH_NAME = 0, 3
_INTERNET = 1
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_RECURSION_DESIRED, _RESPONSE, _TRUNCATED = 0x0100, 0x8000, 0x0200
_SIZES = {A: 4, AAAA: 16}
MAX_JUMPS = 32


class DnsError(ValueError):
    """The peer's bytes are no answer to the question, or the name cannot be asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`addresses` sorted. `truncated`: there are more."""

    code: int
    addresses: tuple[str, ...]
    truncated: bool = False


def encode_question(identifier: int, name: str, kind: int) -> bytes:
    """Raises DnsError when the name cannot be asked."""
    return (
        _HEADER.pack(identifier, _RECURSION_DESIRED, 1, 0, 0, 0)
        + _encode_name(name)
        + struct.pack("!HH", kind, _INTERNET)
    )


def parse_answer(message: bytes, identifier: int, name: str, kind: int) -> Answer:
    """Raises DnsError."""
    if len(message) < _HEADER.size:
        raise DnsError("cut short")
    found, flags, questions, answers, _authorities, _additional = _HEADER.unpack_from(message)
    if found != identifier or not flags & _RESPONSE:
        raise DnsError("answers another question")
    if questions != 1:
        raise DnsError(f"repeats {questions} questions")
    asked, at = _decode_name(message, _HEADER.size)
    if asked != name.rstrip(".").lower() or message[at : at + 4] != struct.pack("!HH", kind, _INTERNET):
        raise DnsError("answers another question")
    at += 4
    addresses = set()
    for _ in range(answers):
        _owner, at = _decode_name(message, at)
        if at + _RECORD.size > len(message):
            raise DnsError("cut short")
        its_kind, its_class, _ttl, size = _RECORD.unpack_from(message, at)
        at += _RECORD.size
        content = message[at : at + size]
        if len(content) != size:
            raise DnsError("cut short")
        at += size
        if its_kind == kind and its_class == _INTERNET and size == _SIZES[kind]:
            addresses.add(str(ipaddress.ip_address(content)))
    return Answer(flags & 0xF, tuple(sorted(addresses)), bool(flags & _TRUNCATED))


def _encode_name(name: str) -> bytes:
    encoded = b""
    try:
        labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    except UnicodeEncodeError:
        raise DnsError(f"{name!r} is not ASCII; write it in its xn-- form") from None
    for label in labels:
        if not 1 <= len(label) <= 63:
            raise DnsError(f"{name!r} is no host name")
        encoded += bytes([len(label)]) + label
    if len(encoded) > 254:
        raise DnsError(f"{name!r} is too long")
    return encoded + b"\0"


def _decode_name(message: bytes, at: int) -> tuple[str, int]:
    """The name, lower case, and where what follows it begins."""
    labels: list[str] = []
    end = None
    for _ in range(MAX_JUMPS + 128):
        if at >= len(message):
            raise DnsError("cut short")
        size = message[at]
        if size == 0:
            return ".".join(labels), at + 1 if end is None else end
        if size & 0xC0 == 0xC0:
            # RFC 1035 section 4.1.4: a pointer ends the name. The bound above breaks loops.
            if at + 2 > len(message):
                raise DnsError("cut short")
            end = at + 2 if end is None else end
            at = int.from_bytes(message[at : at + 2], "big") & 0x3FFF
            continue
        if size & 0xC0 or at + 1 + size > len(message):
            raise DnsError("a label that cannot be")
        labels.append(message[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    raise DnsError("a name without end")
