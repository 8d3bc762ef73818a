"""A page's offer as text (RFC 8866, RFC 8829): reads what the forwarding needs and nothing more.

Own text and not aiortc.sdp, which loses `rid` and `simulcast` lines and takes 1 ms per media section.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conferencing.media.codecs import Codec, read_codecs

OFFER_LIMIT = 128 * 1024
SECTIONS_LIMIT = 32
LINE_LIMIT = 2048

RIDS_LIMIT = 3

_ICE_CHARACTERS = re.compile(r"[A-Za-z0-9+/]+")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.\-]{1,64}")
_FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2})", re.IGNORECASE)
_RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_DIRECTIONS = frozenset(("sendrecv", "sendonly", "recvonly", "inactive"))


class SdpError(ValueError):
    """The peer's offer cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Section:
    """One media section of an offer. `codecs` we forward, best first; `rids` of simulcast, low to high.

    `repairs`: SSRC of retransmissions → that of the media.
    """

    kind: str
    mid: str
    direction: str
    protocol: str
    first_format: str
    codecs: tuple[Codec, ...]
    extensions: Mapping[str, int]
    ssrcs: tuple[int, ...]
    repairs: Mapping[int, int]
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """`passive`: the peer waits for our ClientHello, as FFmpeg's WHIP muxer does; otherwise it says the first."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    passive: bool = False


def parse_offer(text: str) -> Offer:
    """Raises SdpError."""
    if len(text) > OFFER_LIMIT:
        raise SdpError(f"longer than {OFFER_LIMIT} characters")
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines or lines[0] != "v=0":
        raise SdpError("does not begin with v=0")
    blocks: list[list[str]] = [[]]
    for line in lines:
        if len(line) > LINE_LIMIT:
            raise SdpError("a line is too long")
        if line.startswith("m="):
            blocks.append([])
            if len(blocks) > SECTIONS_LIMIT + 1:
                raise SdpError(f"more than {SECTIONS_LIMIT} media sections")
        blocks[-1].append(line)
    if len(blocks) < 2:
        raise SdpError("without media sections")
    session, media = blocks[0], blocks[1:]
    sections = tuple(_section(block) for block in media)
    if len({section.mid for section in sections}) != len(sections):
        raise SdpError("two media sections with one mid")
    # BUNDLE: the transport of the first section is that of all (RFC 9143 section 7.2).
    first = media[0] + session
    setup = _value(first, "setup")
    if setup not in ("actpass", "active", "passive"):
        raise SdpError("a=setup is neither actpass, active nor passive")
    return Offer(
        _credential(first, "ice-ufrag", 4),
        _credential(first, "ice-pwd", 22),
        _fingerprints(first),
        sections,
        setup == "passive",
    )


def _section(lines: Sequence[str]) -> Section:
    parts = lines[0][2:].split()
    if len(parts) < 4 or parts[0] not in ("audio", "video"):
        raise SdpError("a media section is neither audio nor video")
    kind, protocol = parts[0], parts[2]
    if protocol not in ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"):
        raise SdpError("a media section is not DTLS-SRTP")
    mid = _value(lines, "mid")
    if mid is None or not _TOKEN.fullmatch(mid) or len(mid) > 16:
        raise SdpError("a media section has no usable mid")
    repairs = _repairs(lines)
    return Section(
        kind=kind,
        mid=mid,
        direction=next((line[2:] for line in lines if line[2:] in _DIRECTIONS), "sendrecv"),
        protocol=protocol,
        first_format=parts[3] if parts[3].isascii() and parts[3].isdigit() and len(parts[3]) <= 3 else "0",
        codecs=read_codecs(kind, parts[3:], lines),
        extensions=dict(_extensions(lines)),
        ssrcs=_ssrcs(lines, repairs),
        repairs=repairs,
        rids=_rids(lines),
    )


def _rids(lines: Sequence[str]) -> tuple[str, ...]:
    """RFC 8853 section 5.1; the first alternative of each stream. Ours are offered from low to high."""
    for value in _values(lines, ("simulcast",), ":"):
        parts = value.split()
        for direction, streams in zip(parts[::2], parts[1::2], strict=False):
            if direction == "send":
                rids = [one.split(",")[0].removeprefix("~") for one in streams.split(";")]
                if len(set(rids)) == len(rids) <= RIDS_LIMIT and all(map(_RID.fullmatch, rids)):
                    return tuple(rids)
                raise SdpError(f"simulcast of more than {RIDS_LIMIT} streams, or with unusable rids")
    return ()


def _extensions(lines: Sequence[str]) -> list[tuple[str, int]]:
    found = []
    for value in _values(lines, ("extmap",), ":"):
        number, _, uri = value.partition(" ")
        number = number.partition("/")[0]
        if number.isascii() and number.isdigit() and 1 <= int(number[:4]) <= 255:
            found.append((uri.split(" ")[0], int(number[:4])))
    return found[:64]


def _repairs(lines: Sequence[str]) -> dict[int, int]:
    """FID groups, RFC 5576 section 4.2: media, then its retransmissions."""
    found: dict[int, int] = {}
    for value in _values(lines, ("ssrc-group",), ":"):
        parts = value.split()
        numbers = [_ssrc(part) for part in parts[1:]]
        if parts[:1] == ["FID"] and len(numbers) == 2 and len(found) < 4:
            media, repair = numbers
            if media is not None and repair is not None:
                found[repair] = media
    return found


def _ssrcs(lines: Sequence[str], repairs: Mapping[int, int]) -> tuple[int, ...]:
    """SSRCs of the media; those of retransmissions are left out."""
    found: dict[int, None] = {}
    for value in _values(lines, ("ssrc",), ":"):
        number = _ssrc(value.partition(" ")[0])
        if number is not None and number not in repairs:
            found.setdefault(number)
    return tuple(found)[:4]


def _ssrc(text: str) -> int | None:
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) >= 1 << 32:
        return None
    return int(text)


def _fingerprints(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    found = []
    for value in _values(lines, ("fingerprint",), ":"):
        match = _FINGERPRINT.fullmatch(value.strip())
        if match:
            found.append((match[1].lower(), match[2].upper()))
    if not found:
        raise SdpError("without a usable DTLS fingerprint")
    return tuple(found[:4])


def _credential(lines: Sequence[str], name: str, shortest: int) -> str:
    value = _value(lines, name)
    if value is None or not shortest <= len(value) <= 256 or not _ICE_CHARACTERS.fullmatch(value):
        raise SdpError(f"without a usable {name}")
    return value


def _value(lines: Sequence[str], name: str, separator: str = ":") -> str | None:
    return next(iter(_values(lines, (name,), separator)), None)


def _values(lines: Sequence[str], names: Sequence[str], separator: str) -> list[str]:
    prefixes = tuple(f"a={name}{separator}" for name in names)
    return [
        line.partition(separator)[2] if separator == " " else line[len(p) :]
        for line in lines
        for p in prefixes
        if line.startswith(p)
    ]
