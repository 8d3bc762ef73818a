"""The head of an HTTP/1.x answer (RFC 9112). Pure; knows only what a probe needs of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?")
_MAX_DIGITS = 15


class HeadError(ValueError):
    """The peer's bytes are no head of an HTTP/1.x answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """`length` None: until the connection closes, or in chunks."""

    status: int
    length: int | None


def parse_head(head: bytes) -> Head:
    """Raises HeadError."""
    lines = head.split(b"\r\n")
    found = _STATUS_LINE.fullmatch(lines[0])
    if found is None:
        raise HeadError(f"begins with {lines[0][:40]!r}")
    length = None
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.lower() == b"content-length":
            text = value.strip()
            if not text.isdigit() or len(text) > _MAX_DIGITS:
                raise HeadError(f"Content-Length {text[:40]!r}")
            length = int(text)
    return Head(int(found[1]), length)
