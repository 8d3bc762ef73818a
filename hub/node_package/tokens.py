"""Enrolment tokens of a site as the board shows them: which are good, which machine used one, taking one back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.tables import EnrolmentTokenRow, Node, Site

ID_LETTERS = 16


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """`id`: the first letters of the token's hash, which tell nothing of the token. Instants in Unix seconds."""

    id: str
    created_at: float
    expires_at: float
    used_at: float | None
    node: str | None
    hostname: str | None


def token_id(secret_sha256: str) -> str:
    return secret_sha256[:ID_LETTERS]


def listed(session: Session, site: str, now: float) -> list[TokenRecord]:
    """Those that have not expired, the newest first; a used one names its node."""
    rows = session.execute(
        select(EnrolmentTokenRow, Node.hostname)
        .join(Site, Site.id == EnrolmentTokenRow.site_id)
        .outerjoin(Node, Node.id == EnrolmentTokenRow.used_by)
        .where(Site.code == site, EnrolmentTokenRow.expires_at > now)
        .order_by(EnrolmentTokenRow.created_at.desc())
    )
    return [
        TokenRecord(token_id(row.secret_sha256), row.created_at, row.expires_at, row.used_at, row.used_by, hostname)
        for row, hostname in rows
    ]


def revoke(session: Session, site: str, wanted: str, now: float) -> bool:
    """Whether there was such a token, unused, to take back."""
    rows = session.scalars(
        select(EnrolmentTokenRow)
        .join(Site, Site.id == EnrolmentTokenRow.site_id)
        .where(Site.code == site, EnrolmentTokenRow.used_at.is_(None), EnrolmentTokenRow.expires_at > now)
    )
    for row in rows:
        if token_id(row.secret_sha256) == wanted:
            row.expires_at = now
            return True
    return False
