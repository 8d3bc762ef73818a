"""What a browser loads before the board stands: all of it asked for at once, and little of it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import conferencing
import hub

WEB = Path(hub.__file__).parent / "web"
MEETING_WEB = Path(conferencing.__file__).parent / "web"
MOST_BYTES = 150_000
_IMPORT = re.compile(r'^(?:import|export) [^;]*?from "([^"]+)";|^import "([^"]+)";', re.MULTILINE)
PAGE = (WEB / "board.html").read_text(encoding="utf-8")


def file_of(address: str) -> Path:
    if address.startswith("/hop/static/"):
        return MEETING_WEB / address.removeprefix("/hop/static/")
    return WEB / address.removeprefix("/static/")


def imported(address: str, found: set[str]) -> set[str]:
    if address not in found:
        found.add(address)
        for match in _IMPORT.finditer(file_of(address).read_text(encoding="utf-8")):
            given = match[1] or match[2]
            folder = address.rpartition("/")[0]
            imported(given if given.startswith("/") else f"{folder}/{given.removeprefix('./')}", found)
    return found


def test_the_page_names_every_script_that_it_starts_with() -> None:
    named = re.findall(r'rel="modulepreload" href="([^"]+)"', PAGE)
    assert sorted(named) == sorted(imported("/static/js/main.js", set()))


def test_the_first_view_is_small() -> None:
    styles = re.findall(r'rel="stylesheet" href="([^"]+)"', PAGE)
    files = [*imported("/static/js/main.js", set()), *styles, "/static/icon.svg", "/static/i18n/vi.json"]
    assert sum(len(gzip.compress(file_of(one).read_bytes())) for one in files) <= MOST_BYTES
