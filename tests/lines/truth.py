"""The emulator's own account of every packet: what a measurement is compared with. Pure."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lines.impairment import Fate
from tests.lines.packets import ICMP, UDP

_STAMP_BYTES = 28 + 112
_REFLECTED_NUMBER = 48
"""RFC 8762 section 4.3.2: where the reflector repeats the sender's sequence number."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One packet on one direction. Times are monotonic seconds; `out` None: it never came out."""

    direction: str
    at: float
    out: float | None
    fate: Fate
    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    size: int
    head: bytes
    copies: int

    @property
    def number(self) -> int:
        """The sender's sequence number of a STAMP packet of either direction."""
        at = _REFLECTED_NUMBER if self.direction == "down" else 0
        return int(struct.unpack_from("!I", self.head, at)[0])


@dataclass(frozen=True, slots=True)
class Story:
    """A probe packet from its sending to its answer. `seconds`: both ways on the line, when it came back."""

    number: int
    port: int
    sent_at: float
    fate: str
    """answered, up, down; `gone` for one that reached the far end and was not answered, or is still on its way."""
    seconds: float | None
    back_at: float | None


def read(path: Path) -> list[Passage]:
    rows = json.loads(path.read_text(encoding="ascii"))
    return [_passage(*row) for row in rows]


def _passage(direction: str, at: float, out: float | None, fate: str, *rest: Any) -> Passage:
    protocol, source, destination, source_port, destination_port, size, head, copies = rest
    ports = (source_port, destination_port)
    return Passage(
        direction, at, out, Fate(fate), protocol, source, destination, *ports, size, bytes.fromhex(head), copies
    )


def stamp_stories(passages: Iterable[Passage], port: int) -> list[Story]:
    """Of all STAMP packets to the reflector's `port`, in the order of sending. Not behind a NAT."""
    up: dict[tuple[int, int], Passage] = {}
    down: dict[tuple[int, int], Passage] = {}
    for one in passages:
        if one.protocol != UDP or one.size != _STAMP_BYTES:
            continue
        if one.direction == "up" and one.destination_port == port:
            up.setdefault((one.source_port, one.number), one)
        elif one.direction == "down" and one.source_port == port:
            down.setdefault((one.destination_port, one.number), one)
    return [story_of(key[1], key[0], there, down.get(key)) for key, there in up.items()]


def echo_stories(passages: Iterable[Passage], address: str) -> list[Story]:
    """Of all ICMP echo requests to this address, in the order of sending."""
    up: dict[tuple[int, bytes], Passage] = {}
    down: dict[tuple[int, bytes], Passage] = {}
    for one in passages:
        if one.protocol != ICMP or one.head[0] not in (0, 8):
            continue
        if one.head[0] == 8 and one.destination == address:
            up.setdefault((one.source_port, one.head[6:]), one)
        elif one.head[0] == 0 and one.source == address:
            down.setdefault((one.destination_port, one.head[6:]), one)
    return [story_of(int.from_bytes(key[1][:2], "big"), key[0], one, down.get(key)) for key, one in up.items()]


def story_of(number: int, port: int, there: Passage, back: Passage | None) -> Story:
    if there.fate is not Fate.PASSED:
        return Story(number, port, there.at, "up", None, None)
    if back is None or there.out is None:
        return Story(number, port, there.at, "gone", None, None)
    if back.fate is not Fate.PASSED:
        return Story(number, port, there.at, "down", None, None)
    if back.out is None:
        return Story(number, port, there.at, "gone", None, None)
    seconds = (there.out - there.at) + (back.out - back.at)
    return Story(number, port, there.at, "answered", seconds, back.out)
