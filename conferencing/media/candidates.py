"""Which addresses a page is told: those of the sockets, and what stands for them outside. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conferencing.media.answer import Candidate


@dataclass(frozen=True, slots=True)
class Announced:
    """`outside`: reaches us through NAT, at the same port. `local`: the address it stands for, or empty."""

    outside: str
    local: str = ""


def host_candidates(bound: Sequence[tuple[str, int]], announced: Sequence[Announced]) -> list[Candidate]:
    """RFC 8445 section 5.1.2.1: host candidates, what is announced first. A replaced address is not told."""
    ports = sorted({port for _host, port in bound})
    replaced = {one.local for one in announced}
    pairs = [
        (one.outside, port)
        for one in announced
        for port in (sorted(p for host, p in bound if host == one.local) if one.local else ports)
    ]
    pairs += [(host, port) for host, port in bound if host not in replaced]
    return [
        Candidate(address, port, (126 << 24) + ((65535 - number) << 8) + 255)
        for number, (address, port) in enumerate(dict.fromkeys(pairs))
    ]
