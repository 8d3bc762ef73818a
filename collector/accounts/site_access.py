"""Halls without accounts: a link per PC signs it in as its site. Kept as a hash, revocable.

The caller's session commits.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.accounts.failure import AccountError
from collector.accounts.people import clean_display_name
from collector.accounts.sign_ins import token_hash
from collector.tables import Site
from collector.tables.accounts import SiteAccessRow

USED_SECONDS = 60.0
MAX_PER_SITE = 20


@dataclass(frozen=True, slots=True)
class Hall:
    """A hall's PC that shows a good token."""

    access: int
    site: str
    site_name: str


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """As it is listed: never with the token itself."""

    id: int
    site: str
    label: str
    created_at: float
    created_by: str
    last_used_at: float | None
    last_address: str | None


def open_access(session: Session, site_code: str, label: str, now: float, by: str) -> tuple[str, SiteAccess]:
    """The token for the link, which is not kept, and its record. Raises AccountError."""
    site = session.scalar(select(Site).where(Site.code == site_code))
    if site is None:
        raise AccountError(f"Không có địa điểm {site_code!r}. / There is no site {site_code!r}.")
    if len(listed(session, site_code)) >= MAX_PER_SITE:
        raise AccountError(
            f"Đã có {MAX_PER_SITE} liên kết; hãy thu hồi bớt. / There are {MAX_PER_SITE} links; revoke one first."
        )
    token = secrets.token_urlsafe(32)
    row = SiteAccessRow(
        site_id=site.id,
        label=clean_display_name(label)[:100],
        token_sha256=token_hash(token),
        created_at=now,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return token, _record(row, site)


def find(session: Session, token: str, now: float, address: str) -> Hall | None:
    found = session.execute(
        select(SiteAccessRow, Site)
        .join(Site, Site.id == SiteAccessRow.site_id)
        .where(SiteAccessRow.token_sha256 == token_hash(token), SiteAccessRow.revoked_at.is_(None))
    ).first()
    if found is None:
        return None
    row, site = found
    if row.last_used_at is None or now >= row.last_used_at + USED_SECONDS or row.last_address != address:
        row.last_used_at = now
        row.last_address = address[:64]
    return Hall(row.id, site.code, site.name)


def revoke(session: Session, site_code: str, access_id: int, now: float) -> SiteAccess:
    """Raises AccountError when the site has no such link."""
    found = session.execute(
        select(SiteAccessRow, Site)
        .join(Site, Site.id == SiteAccessRow.site_id)
        .where(SiteAccessRow.id == access_id, Site.code == site_code, SiteAccessRow.revoked_at.is_(None))
    ).first()
    if found is None:
        raise AccountError(f"Không có liên kết {access_id}. / There is no link {access_id}.")
    row, site = found
    row.revoked_at = now
    session.flush()
    return _record(row, site)


def listed(session: Session, site_code: str) -> list[SiteAccess]:
    rows = session.execute(
        select(SiteAccessRow, Site)
        .join(Site, Site.id == SiteAccessRow.site_id)
        .where(Site.code == site_code, SiteAccessRow.revoked_at.is_(None))
        .order_by(SiteAccessRow.id)
    )
    return [_record(row, site) for row, site in rows]


def _record(row: SiteAccessRow, site: Site) -> SiteAccess:
    return SiteAccess(
        row.id, site.code, row.label, row.created_at, row.created_by, row.last_used_at, row.last_address
    )
