"""Machines become nodes by a one-time token, and stop being ones when revoked."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from agent.wire.enrolment import EnrolmentToken, TokenFormatError, parse_token
from collector.directory.failure import DirectoryError
from collector.directory.folding import search_text
from collector.directory.places import find_site, new_stamp_key
from collector.tables import EnrolmentTokenRow, Line, Node, Site

TOKEN_LIFETIME_SECONDS = 24 * 3600
_SECRET_BYTES = 20
_NODE_ID_LETTERS = 10
_KEY_BYTES = 32


class TokenRefusedError(ValueError):
    """The token is malformed, unknown, used or expired; `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Enrolled:
    node: str
    key: str
    """Shown once; the hub keeps its SHA-256."""
    site: str


def key_hash(key: str) -> str:
    # A plain hash is enough: the keys are 256 random bits, nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()


def issue_token(
    session: Session,
    site: str,
    now: float,
    ca_sha256: str | None = None,
    lifetime_seconds: float = TOKEN_LIFETIME_SECONDS,
) -> EnrolmentToken:
    """A token for one machine of the site. Raises DirectoryError when there is no such site."""
    found = find_site(session, site)
    if found is None:
        raise DirectoryError(f"there is no site {site!r}")
    token = EnrolmentToken(_base32(_SECRET_BYTES), ca_sha256)
    session.add(
        EnrolmentTokenRow(
            secret_sha256=key_hash(token.secret),
            site_id=found.id,
            created_at=now,
            expires_at=now + lifetime_seconds,
        )
    )
    session.flush()
    return token


def enrol(session: Session, token: str, hostname: str, platform: str, version: str, now: float) -> Enrolled:
    """Use the token up and make the machine a node. Raises TokenRefusedError.

    The node takes over the site's lines that nobody measures, a revoked node did, or one of the same name.
    """
    row = _consume(session, token, now)
    site = session.get_one(Site, row.site_id)
    key = secrets.token_urlsafe(_KEY_BYTES)
    node = Node(
        id=_new_node_id(session),
        site_id=site.id,
        hostname=hostname[:255],
        platform=platform[:255],
        version=version[:64],
        key_sha256=key_hash(key),
        enrolled_at=now,
        clock_offset_ms=0,
    )
    node.search = search_text(node.id, node.hostname)
    session.add(node)
    session.flush()
    row.used_by = node.id
    _take_over_lines(session, node)
    session.flush()
    return Enrolled(node.id, key, site.code)


def revoke_node(session: Session, node: str, now: float) -> bool:
    """Whether there was such a node to revoke."""
    changed = session.execute(update(Node).where(Node.id == node, Node.revoked_at.is_(None)).values(revoked_at=now))
    return _rows(changed) == 1


def _consume(session: Session, text: str, now: float) -> EnrolmentTokenRow:
    try:
        digest = key_hash(parse_token(text).secret)
    except TokenFormatError:
        raise TokenRefusedError("malformed") from None
    # One conditional update decides: of two who come at once the database lets one through.
    claimed = session.execute(
        update(EnrolmentTokenRow)
        .where(
            EnrolmentTokenRow.secret_sha256 == digest,
            EnrolmentTokenRow.used_at.is_(None),
            EnrolmentTokenRow.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    row = session.get(EnrolmentTokenRow, digest, populate_existing=True)
    if row is None:
        raise TokenRefusedError("unknown")
    if _rows(claimed) != 1:
        raise TokenRefusedError("used" if row.used_at is not None else "expired")
    return row


def _take_over_lines(session: Session, node: Node) -> None:
    before = select(Node.id).where(
        Node.site_id == node.site_id, or_(Node.revoked_at.is_not(None), Node.hostname == node.hostname)
    )
    lines = session.scalars(
        select(Line).where(
            Line.site_id == node.site_id, or_(Line.measured_by.is_(None), Line.measured_by.in_(before))
        )
    )
    for line in lines:
        if line.measured_by is not None:
            # Whoever measured it before must not go on under the same session id.
            line.stamp_key = new_stamp_key()
        line.measured_by = node.id


def _new_node_id(session: Session) -> str:
    while True:
        node = "n-" + _base32(_SECRET_BYTES)[:_NODE_ID_LETTERS]
        if session.get(Node, node) is None:
            return node


def _base32(count: int) -> str:
    return base64.b32encode(secrets.token_bytes(count)).decode().lower()


def _rows(result: object) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
