"""Cells that a spreadsheet would run (OWASP, CSV injection): an apostrophe before them, taken off again. Pure."""

from __future__ import annotations

import re

# Full-width signs are formulas too where they are typed.
_DANGEROUS = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_ESCAPED = re.compile("'+[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def escape(cell: str) -> str:
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def unescape(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell
