"""Units, sites and their lines, made one by one by the hub itself; what people change goes through a draft."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.directory.failure import DirectoryError
from collector.directory.folding import search_text
from collector.tables import Line, Site, Unit

MAX_SSID = 65535
STAMP_KEY_BYTES = 32
UNITS_SINCE = date(2025, 7, 1)
"""Since then there are provinces and communes, no districts."""

FIRST_LINE_NAME = "Đường truyền 1"

# They become label values and parts of addresses.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def find_unit(session: Session, code: str, on: date | None = None) -> Unit | None:
    """The unit that has the code on that day; without a day the latest one."""
    found = session.scalars(select(Unit).where(Unit.code == code).order_by(Unit.valid_from.desc()))
    for unit in found:
        if on is None or (unit.valid_from <= on and (unit.valid_to is None or on < unit.valid_to)):
            return unit
    return None


def add_unit(
    session: Session,
    code: str,
    name: str,
    kind: str,
    *,
    parent: Unit | None = None,
    valid_from: date = UNITS_SINCE,
    valid_to: date | None = None,
) -> Unit:
    """Raises DirectoryError when that code is in use since the same day."""
    _check_code("unit", code)
    if session.scalar(select(Unit.id).where(Unit.code == code, Unit.valid_from == valid_from)) is not None:
        raise DirectoryError(f"unit {code!r} exists since {valid_from:%d/%m/%Y}")
    unit = Unit(
        code=code,
        name=_text(name),
        kind=kind,
        parent_id=parent.id if parent else None,
        valid_from=valid_from,
        valid_to=valid_to,
        search=search_text(code, name, kind),
    )
    session.add(unit)
    session.flush()
    return unit


def find_site(session: Session, code: str) -> Site | None:
    return session.scalar(select(Site).where(Site.code == code))


def site_codes(session: Session) -> list[str]:
    return list(session.scalars(select(Site.code).order_by(Site.code)))


def add_site(session: Session, code: str, name: str, unit: Unit | None = None) -> Site:
    """Raises DirectoryError when the code is taken or cannot be a code."""
    _check_code("site", code)
    if find_site(session, code) is not None:
        raise DirectoryError(f"site {code!r} exists")
    site = Site(code=code, name=_text(name), unit_id=unit.id if unit else None, search=search_text(code, name))
    session.add(site)
    session.flush()
    return site


def find_line(session: Session, code: str) -> Line | None:
    return session.scalar(select(Line).where(Line.code == code))


def add_line(session: Session, site: Site, code: str, name: str, provider: str = "") -> Line:
    """With a STAMP session id and key of its own. Raises DirectoryError when the code is taken."""
    _check_code("line", code)
    if find_line(session, code) is not None:
        raise DirectoryError(f"line {code!r} exists")
    line = Line(
        code=code,
        site_id=site.id,
        name=_text(name),
        provider=_text(provider),
        stamp_ssid=SsidPool(session).take(),
        stamp_key=new_stamp_key(),
        search=search_text(code, name, provider),
    )
    session.add(line)
    session.flush()
    return line


def ensure_site(session: Session, code: str, name: str, *, unit: Unit | None = None, provider: str = "") -> Site:
    """The site of that code with at least one line; made when missing, otherwise left as it is."""
    site = find_site(session, code) or add_site(session, code, name, unit)
    if session.scalar(select(Line.id).where(Line.site_id == site.id).limit(1)) is None:
        add_line(session, site, first_line_code(code), FIRST_LINE_NAME, provider)
    return site


def first_line_code(site: str) -> str:
    return f"{site[:62]}-1"


def new_stamp_key() -> str:
    return secrets.token_hex(STAMP_KEY_BYTES)


class SsidPool:
    """STAMP session ids that no line has. The lowest first, from 1: 0 is what a sender without RFC 8972 sends."""

    def __init__(self, session: Session) -> None:
        self._free = self._search(set(session.scalars(select(Line.stamp_ssid))))

    def take(self) -> int:
        """Raises DirectoryError when none is left."""
        found = next(self._free, None)
        if found is None:
            raise DirectoryError(f"no STAMP session id is free: there are {MAX_SSID} lines")
        return found

    @staticmethod
    def _search(taken: set[int]) -> Iterator[int]:
        return (ssid for ssid in range(1, MAX_SSID + 1) if ssid not in taken)


def _check_code(what: str, code: str) -> None:
    if not _CODE.fullmatch(code):
        raise DirectoryError(
            f"{what} code {code!r}: use 1 to 64 of the letters A-Z a-z, digits and . _ - (first a letter or digit)"
        )


def _text(value: str) -> str:
    return unicodedata.normalize("NFC", value).strip()[:200]
