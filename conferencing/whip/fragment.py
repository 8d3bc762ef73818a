"""SDP fragments of trickle ICE and of ICE restarts (RFC 8840 section 9): read and written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

MEDIA_TYPE = "application/trickle-ice-sdpfrag"
FRAGMENT_LIMIT = 16 * 1024
CANDIDATES_LIMIT = 100

_ICE_CHARACTERS = re.compile(r"[A-Za-z0-9+/]{4,256}")
_LINE = re.compile(r"[a-z]=[\x20-\x7e]*")
_KEPT = ("m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates")


class FragmentError(ValueError):
    """The fragment is malformed; the text says how."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """`candidates` are counted alone: a lite agent learns addresses from checks (RFC 8445 section 2.5)."""

    ufrag: str
    password: str
    candidates: int

    @property
    def restarts(self) -> bool:
        return bool(self.ufrag and self.password)


def read_fragment(text: str) -> Fragment:
    """Raises FragmentError."""
    if len(text) > FRAGMENT_LIMIT:
        raise FragmentError(f"longer than {FRAGMENT_LIMIT} characters")
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    if not lines:
        raise FragmentError("empty")
    for line in lines:
        if not _LINE.fullmatch(line):
            raise FragmentError("a line is not SDP")
    candidates = sum(line.startswith("a=candidate:") for line in lines)
    if candidates > CANDIDATES_LIMIT:
        raise FragmentError(f"more than {CANDIDATES_LIMIT} candidates")
    return Fragment(_credential(lines, "ice-ufrag"), _credential(lines, "ice-pwd"), candidates)


def write_fragment(answer: str) -> str:
    """What a restart changes of the whole answer: that of the first section in use, which carries the bundle."""
    session, *sections = answer.replace("\r\n", "\n").split("\nm=")
    first = next((f"m={section}" for section in sections if "\na=ice-ufrag:" in section), "")
    lines = [line for line in session.split("\n") if line.startswith(("a=ice-lite", "a=group:"))]
    lines += [line for line in first.split("\n") if line.startswith(_KEPT)]
    return "\r\n".join(lines) + "\r\n"


def ice_session(answer: str) -> str:
    """What names the ICE session of an answer: its ufrag."""
    found = re.search(r"^a=ice-ufrag:([A-Za-z0-9+/]+)\r?$", answer, re.MULTILINE)
    return found[1] if found else ""


def _credential(lines: list[str], name: str) -> str:
    found = [line.split(":", 1)[1] for line in lines if line.startswith(f"a={name}:")]
    if any(not _ICE_CHARACTERS.fullmatch(value) for value in found) or len(set(found)) > 1:
        raise FragmentError(f"without one usable {name}")
    return found[0] if found else ""
