"""Programs of others become writers of a site's samples by a token, and stop being ones when it is revoked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from collector.directory.failure import DirectoryError
from collector.directory.nodes import key_hash
from collector.directory.places import find_site
from collector.tables import SampleWriter, Site

TOKEN_PREFIX = "tsw_"  # noqa: S105 - what a token begins with, not one
MAX_WRITERS_PER_SITE = 20
MAX_NAME_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Writer:
    """As it is listed. Instants in Unix seconds."""

    id: str
    site: str
    name: str
    created_at: float
    revoked_at: float | None
    last_write_at: float | None


def issue(session: Session, site: str, name: str, now: float) -> tuple[Writer, str]:
    """The writer and its token, which is not kept. Raises DirectoryError."""
    found = find_site(session, site)
    if found is None:
        raise DirectoryError(f"Không có địa điểm {site!r}. / There is no site {site!r}.")
    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > MAX_NAME_LETTERS:
        raise DirectoryError(
            f"Tên có từ 1 đến {MAX_NAME_LETTERS} ký tự. / A name has 1 to {MAX_NAME_LETTERS} characters."
        )
    there = select(func.count()).where(SampleWriter.site_id == found.id, SampleWriter.revoked_at.is_(None))
    if (session.scalar(there) or 0) >= MAX_WRITERS_PER_SITE:
        raise DirectoryError(
            f"Địa điểm đã có {MAX_WRITERS_PER_SITE} nguồn. / The site has {MAX_WRITERS_PER_SITE} writers already."
        )
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = SampleWriter(
        id="w-" + secrets.token_hex(5), site_id=found.id, name=name, token_sha256=key_hash(token), created_at=now
    )
    session.add(row)
    session.flush()
    return _record(row, found.code), token


def listed(session: Session, where: ColumnElement[bool] | None = None) -> list[Writer]:
    """Those whose tokens are good, by site and name. `where`: of Site."""
    rows = session.execute(
        select(SampleWriter, Site.code)
        .join(Site, Site.id == SampleWriter.site_id)
        .where(SampleWriter.revoked_at.is_(None), true() if where is None else where)
        .order_by(Site.code, SampleWriter.name, SampleWriter.id)
    )
    return [_record(row, code) for row, code in rows]


def revoke(session: Session, writer: str, now: float) -> bool:
    """Whether there was such a writer to revoke."""
    row = session.get(SampleWriter, writer)
    if row is None or row.revoked_at is not None:
        return False
    row.revoked_at = now
    session.flush()
    return True


def _record(row: SampleWriter, site: str) -> Writer:
    return Writer(row.id, site, row.name, row.created_at, row.revoked_at, row.last_write_at)
