"""People who sign in: names, roles, passwords (argon2). Knows nothing of cookies or HTTP.

The caller's session commits.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.tables import User

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1024
ROLES = ("administrator", "technician", "viewer")

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_hasher = PasswordHasher()


class AccountError(ValueError):
    """What the administrator gave cannot become an account."""


class PasswordRuleError(AccountError):
    """The new password does not keep the rules."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    display_name: str
    role: str
    must_change_password: bool
    password_hash: str


def normalise(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().lower()


def find(session: Session, name: str, *, disabled_too: bool = False) -> Account | None:
    """The account of that name; None when there is none or it is disabled."""
    user = _find(session, name, disabled_too=disabled_too)
    return None if user is None else _account(user)


def add(
    session: Session,
    name: str,
    password: str,
    now: float,
    *,
    display_name: str = "",
    role: str = "viewer",
    must_change_password: bool = False,
) -> Account:
    """Raises AccountError, PasswordRuleError."""
    name = normalise(name)
    if not _NAME.fullmatch(name):
        raise AccountError(f"user name {name!r}: use 1 to 64 of the letters a-z, digits and . _ @ -")
    if role not in ROLES:
        raise AccountError(f"role {role!r} is unknown; one of: {', '.join(ROLES)}")
    if _find(session, name, disabled_too=True) is not None:
        raise AccountError(f"user name {name!r} is taken")
    _check_rules(password)
    user = User(
        name=name,
        display_name=unicodedata.normalize("NFC", display_name).strip()[:200] or name,
        password_hash=_hasher.hash(password),
        role=role,
        must_change_password=must_change_password,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return _account(user)


def verify(session: Session, name: str, password: str) -> Account | None:
    """The account if the password is right. Takes the same work whether the name exists or not."""
    user = _find(session, name, disabled_too=False)
    if user is None:
        _hasher.hash(password)  # the same work as a verification
        return None
    if not _matches(user.password_hash, password):
        return None
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
        session.flush()
    return _account(user)


def change_password(session: Session, name: str, old: str, new: str) -> Account | None:
    """None when the old one is wrong. Raises PasswordRuleError."""
    if verify(session, name, old) is None:
        return None
    _check_rules(new)
    if new == old:
        raise PasswordRuleError(
            "Mật khẩu mới phải khác mật khẩu cũ. / The new password must differ from the old one."
        )
    user = _find(session, name, disabled_too=False)
    assert user is not None
    user.password_hash = _hasher.hash(new)
    user.must_change_password = False
    session.flush()
    return _account(user)


def _find(session: Session, name: str, *, disabled_too: bool) -> User | None:
    user = session.scalar(select(User).where(User.name == normalise(name)))
    return None if user is None or (user.disabled_at is not None and not disabled_too) else user


def _check_rules(password: str) -> None:
    if len(password) < MIN_PASSWORD_LENGTH:
        raise PasswordRuleError(
            f"Mật khẩu cần ít nhất {MIN_PASSWORD_LENGTH} ký tự. / "
            f"The password needs at least {MIN_PASSWORD_LENGTH} characters."
        )
    if len(password) > MAX_PASSWORD_LENGTH:
        raise PasswordRuleError(
            f"Mật khẩu dài quá {MAX_PASSWORD_LENGTH} ký tự. / "
            f"The password is longer than {MAX_PASSWORD_LENGTH} characters."
        )


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _account(user: User) -> Account:
    return Account(user.name, user.display_name, user.role, user.must_change_password, user.password_hash)
