"""Tokens for programs: shown once, kept as a hash, with scope and end. The caller's session commits."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from collector.accounts.failure import AccountError
from collector.accounts.people import Account, account_of, clean_display_name
from collector.accounts.rights import Scope
from collector.accounts.sign_ins import Ended, token_hash
from collector.tables import User
from collector.tables.accounts import ApiTokenRow

PREFIX = "tsa_"
MAX_DAYS = 400
MAX_TOKENS_PER_USER = 50
USED_SECONDS = 60.0
"""The last use is written no more often than this."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """As it is listed: never with the token itself."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float
    last_used_at: float | None
    last_address: str | None


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Whose token it is, and what it may be used for."""

    id: int
    account: Account
    scopes: tuple[Scope, ...]


def issue(
    session: Session, user_id: int, name: str, scopes: Sequence[str], days: int, now: float
) -> tuple[str, ApiToken]:
    """The token, which is not kept, and its record. Raises AccountError."""
    name = clean_display_name(name)[:100]
    if not name:
        raise AccountError("Hãy đặt tên cho mã. / Give the token a name.")
    if not 1 <= days <= MAX_DAYS:
        raise AccountError(f"Thời hạn từ 1 đến {MAX_DAYS} ngày. / It ends within 1 to {MAX_DAYS} days.")
    unknown = set(scopes) - set(Scope)
    if unknown or not scopes:
        raise AccountError(f"scope: one or more of {', '.join(Scope)}")
    if len(listed(session, user_id, now)) >= MAX_TOKENS_PER_USER:
        raise AccountError(f"Đã có {MAX_TOKENS_PER_USER} mã. / There are {MAX_TOKENS_PER_USER} tokens already.")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiTokenRow(
        user_id=user_id,
        name=name,
        token_sha256=token_hash(token),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=now + days * 86400.0,
    )
    session.add(row)
    session.flush()
    return token, _record(row)


def find(session: Session, token: str, now: float, address: str) -> TokenUse | Ended | None:
    """Ended for a token that was good once, None for one that never was."""
    row = session.scalar(select(ApiTokenRow).where(ApiTokenRow.token_sha256 == token_hash(token)))
    if row is None:
        return None
    user = session.get_one(User, row.user_id)
    if row.revoked_at is not None or now >= row.expires_at or user.disabled_at is not None:
        return Ended(user.name, "revoked" if row.revoked_at is not None else "expired")
    if row.last_used_at is None or now >= row.last_used_at + USED_SECONDS or row.last_address != address:
        row.last_used_at = now
        row.last_address = address[:64]
    return TokenUse(row.id, account_of(session, user), tuple(Scope(one) for one in row.scopes))


def revoke(session: Session, user_id: int, token_id: int, now: float) -> ApiToken:
    """Raises AccountError when the user has no such token."""
    row = session.get(ApiTokenRow, token_id)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise AccountError(f"Không có mã {token_id}. / There is no token {token_id}.")
    row.revoked_at = now
    session.flush()
    return _record(row)


def revoke_all(session: Session, user_id: int, now: float) -> None:
    session.execute(
        update(ApiTokenRow)
        .where(ApiTokenRow.user_id == user_id, ApiTokenRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def listed(session: Session, user_id: int, now: float) -> list[ApiToken]:
    rows = session.scalars(
        select(ApiTokenRow)
        .where(ApiTokenRow.user_id == user_id, ApiTokenRow.revoked_at.is_(None), ApiTokenRow.expires_at > now)
        .order_by(ApiTokenRow.id)
    )
    return [_record(row) for row in rows]


def _record(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        row.id, row.name, tuple(row.scopes), row.created_at, row.expires_at, row.last_used_at, row.last_address
    )
