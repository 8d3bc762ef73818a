"""Signed-in browsers, kept in the database: listed, locked when nobody is there, ended one by one.

The caller's session commits.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from collector.accounts.people import Account, account_of
from collector.tables import User
from collector.tables.accounts import UserSession

SESSION_SECONDS = 12 * 3600.0
UNFINISHED_SECONDS = 600.0
"""A sign-in that still waits for its code."""
IDLE_SECONDS = 15 * 60.0
ADMINISTRATOR_IDLE_SECONDS = 5 * 60.0
KEPT_AFTER_END_SECONDS = 30 * 86400.0
TOUCH_SECONDS = 10.0
"""Times of activity are written no more often than this."""
SEEN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """One session and whose it is. `idle_limit`: seconds after which it is locked."""

    id: int
    account: Account
    code_verified: bool
    last_active_at: float
    last_seen_at: float
    idle_limit: float

    def is_idle(self, now: float) -> bool:
        return now - self.last_active_at > self.idle_limit


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """As it is listed."""

    id: int
    address: str
    browser: str
    created_at: float
    last_seen_at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A token that was good once. Whoever still shows it is worth a line in the log."""

    user: str
    reason: str


def open_session(
    session: Session, account: Account, now: float, *, address: str, browser: str, finished: bool
) -> str:
    """The token for the cookie; `finished` False while a code is still to be given."""
    _forget_old(session, now)
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            user_id=account.id,
            token_sha256=token_hash(token),
            code_verified=False,
            created_at=now,
            last_seen_at=now,
            last_active_at=now,
            expires_at=now + (SESSION_SECONDS if finished else UNFINISHED_SECONDS),
            address=address[:64],
            browser=browser[:200],
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, now: float) -> SignIn | Ended | None:
    """The session of a cookie; Ended when it was one, None when it never was."""
    row = session.scalar(select(UserSession).where(UserSession.token_sha256 == token_hash(token)))
    if row is None:
        return None
    user = session.get_one(User, row.user_id)
    if row.ended_at is not None:
        return Ended(user.name, row.end_reason or "")
    if user.disabled_at is not None:
        return Ended(user.name, "user disabled")
    if now >= row.expires_at:
        return Ended(user.name, "expired")
    account = account_of(session, user)
    limit = ADMINISTRATOR_IDLE_SECONDS if account.rights.administers else IDLE_SECONDS
    return SignIn(row.id, account, row.code_verified, row.last_active_at, row.last_seen_at, limit)


def touch(session: Session, sign_in: SignIn, now: float, active_at: float) -> bool:
    """Note that it was used and when its person last did something; False when that is known already."""
    is_newer = active_at >= sign_in.last_active_at + TOUCH_SECONDS
    if not is_newer and now < sign_in.last_seen_at + SEEN_SECONDS:
        return False
    active = max(active_at, sign_in.last_active_at)
    session.execute(
        update(UserSession).where(UserSession.id == sign_in.id).values(last_seen_at=now, last_active_at=active)
    )
    return True


def renew(session: Session, sign_in_id: int, now: float, *, code_verified: bool) -> str:
    """A new token after a step of the sign-in: one that was seen before the step is worth nothing after it."""
    row = session.get_one(UserSession, sign_in_id)
    token = secrets.token_urlsafe(32)
    row.token_sha256 = token_hash(token)
    row.code_verified = row.code_verified or code_verified
    row.last_active_at = row.last_seen_at = now
    row.expires_at = now + SESSION_SECONDS
    session.flush()
    return token


def end(session: Session, sign_in_id: int, now: float, reason: str) -> None:
    session.execute(
        update(UserSession)
        .where(UserSession.id == sign_in_id, UserSession.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )


def end_all(session: Session, user_id: int, now: float, reason: str, *, but: int | None = None) -> int:
    """How many were ended."""
    ended = session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.id != (but or 0))
        .values(ended_at=now, end_reason=reason)
    )
    return ended.rowcount  # type: ignore[attr-defined, no-any-return]


def listed(session: Session, user_id: int, now: float) -> list[SignInRecord]:
    """Those that are still good, the one used last first."""
    rows = session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.expires_at > now)
        .order_by(UserSession.last_seen_at.desc())
    )
    return [SignInRecord(row.id, row.address, row.browser, row.created_at, row.last_seen_at) for row in rows]


def belongs_to(session: Session, sign_in_id: int, user_id: int) -> bool:
    row = session.get(UserSession, sign_in_id)
    return row is not None and row.user_id == user_id and row.ended_at is None


def token_hash(token: str) -> str:
    # Tokens are 256 random bits: a slow hash would add nothing.
    return hashlib.sha256(token.encode()).hexdigest()


def _forget_old(session: Session, now: float) -> None:
    session.execute(delete(UserSession).where(UserSession.expires_at < now - KEPT_AFTER_END_SECONDS))
