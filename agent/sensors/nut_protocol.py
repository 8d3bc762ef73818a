"""The protocol of Network UPS Tools (RFC 9271), client side, sans-IO: lines in, lines and UPSes out."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field

MAX_UPSES = 8
MAX_LINES = 500
_NAME = re.compile(r"UPS ([A-Za-z0-9_.-]+) ")
_VARIABLE = re.compile(r'VAR ([A-Za-z0-9_.-]+) ([A-Za-z0-9_.-]+) "((?:[^"\\]|\\.)*)"')
_NOTHING_THERE = frozenset({"DATA-STALE", "DRIVER-NOT-CONNECTED", "UNKNOWN-UPS"})


class NutError(Exception):
    """The server does not speak as RFC 9271 says, or refuses."""


@dataclass(frozen=True, slots=True)
class Ups:
    """`variables` by NUT's names; empty when the driver has lost its UPS."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)


def conversation() -> Generator[str, list[str], tuple[Ups, ...]]:
    """Yields each command, wants its answer as lines; returns the UPSes. Raises NutError."""
    names = [match[1] for line in _listed((yield "LIST UPS"), "UPS") if (match := _NAME.match(line))]
    found = []
    for name in names[:MAX_UPSES]:
        answer = yield f"LIST VAR {name}"
        if answer and answer[0].startswith("ERR ") and answer[0][4:].split(" ")[0] in _NOTHING_THERE:
            found.append(Ups(name))
            continue
        variables = {}
        for line in _listed(answer, f"VAR {name}"):
            if match := _VARIABLE.fullmatch(line):
                variables[match[2]] = re.sub(r"\\(.)", r"\1", match[3])
        found.append(Ups(name, variables))
    return tuple(found)


def complete(lines: list[str]) -> bool:
    """Whether these lines are a whole answer."""
    return bool(lines) and (lines[0].startswith("ERR ") or lines[-1].startswith("END LIST") or len(lines) > MAX_LINES)


def _listed(lines: list[str], what: str) -> list[str]:
    if lines and lines[0].startswith("ERR "):
        raise NutError(f"LIST {what}: {lines[0][:80]}")
    if len(lines) < 2 or lines[0] != f"BEGIN LIST {what}" or lines[-1] != f"END LIST {what}":
        raise NutError(f"LIST {what}: not a list")
    return lines[1:-1]
