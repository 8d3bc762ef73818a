"""People who sign in: names, passwords, grants. Knows nothing of cookies or HTTP.

The caller's session commits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.accounts import passwords
from collector.accounts.failure import AccountError, PasswordRuleError
from collector.accounts.rights import Grant, Rights, Role
from collector.tables import Unit, User
from collector.tables.accounts import GrantRow, TotpRow

ROLES = tuple(role.value for role in Role)

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    name: str
    display_name: str
    must_change_password: bool
    has_totp: bool
    disabled: bool
    rights: Rights


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A grant as it is listed; `unit_code` and `unit_name` are empty for the whole tree."""

    id: int
    role: str
    unit: int | None
    unit_code: str
    unit_name: str
    granted_at: float
    granted_by: str


def normalise(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().lower()


def find(session: Session, name: str, *, disabled_too: bool = False) -> Account | None:
    """The account of that name; None when there is none or it is disabled."""
    user = find_user(session, name, disabled_too=disabled_too)
    return None if user is None else account_of(session, user)


def everyone(session: Session) -> list[Account]:
    """All accounts by name, disabled ones too."""
    rights: dict[int, list[Grant]] = {}
    for grant in session.scalars(select(GrantRow).order_by(GrantRow.id)):
        rights.setdefault(grant.user_id, []).append(Grant(Role(grant.role), grant.unit_id))
    with_totp = set(session.scalars(select(TotpRow.user_id).where(TotpRow.confirmed_at.is_not(None))))
    return [
        _account(user, Rights(tuple(rights.get(user.id, ()))), user.id in with_totp)
        for user in session.scalars(select(User).order_by(User.name))
    ]


def add(
    session: Session,
    name: str,
    password: str,
    now: float,
    *,
    display_name: str = "",
    role: str | None = "leader",
    unit: int | None = None,
    must_change_password: bool = False,
    by: str = "hub",
) -> Account:
    """With `role` on `unit` (None: the whole tree). Raises AccountError, PasswordRuleError."""
    name = normalise(name)
    if not _NAME.fullmatch(name):
        raise AccountError(
            f"Tên {name!r}: chỉ dùng chữ a-z, số và . _ @ -, tối đa 64. / "
            f"User name {name!r}: use 1 to 64 of the letters a-z, digits and . _ @ -"
        )
    if role is not None:
        _known_role(role)
    if find_user(session, name, disabled_too=True) is not None:
        raise AccountError(f"Tên {name!r} đã có người dùng. / User name {name!r} is taken.")
    if not must_change_password:
        passwords.current_rules().check(password, name, display_name)
    user = User(
        name=name,
        display_name=clean_display_name(display_name) or name,
        password_hash=passwords.hash_password(password),
        must_change_password=must_change_password,
        created_at=now,
    )
    session.add(user)
    session.flush()
    if role is not None:
        grant(session, name, role, unit, now, by)
    return account_of(session, user)


def verify(session: Session, name: str, password: str) -> Account | None:
    """The account if the password is right. Takes the same work whether the name exists or not."""
    user = find_user(session, name, disabled_too=False)
    if user is None:
        passwords.work_as_if()
        return None
    if not passwords.matches(user.password_hash, password):
        return None
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
        session.flush()
    return account_of(session, user)


def change_password(session: Session, name: str, old: str, new: str) -> Account | None:
    """None when the old one is wrong. Raises PasswordRuleError."""
    if verify(session, name, old) is None:
        return None
    user = find_user(session, name, disabled_too=False)
    assert user is not None
    passwords.current_rules().check(new, user.name, user.display_name)
    if new == old:
        raise PasswordRuleError(
            "Mật khẩu mới phải khác mật khẩu cũ. / The new password must differ from the old one."
        )
    user.password_hash = passwords.hash_password(new)
    user.must_change_password = False
    session.flush()
    return account_of(session, user)


def reset_password(session: Session, name: str, one_time: str) -> Account:
    """Whoever knows `one_time` sets a password of their own at the next sign-in. Raises AccountError."""
    user = _existing(session, name)
    user.password_hash = passwords.hash_password(one_time)
    user.must_change_password = True
    session.flush()
    return account_of(session, user)


def set_disabled(session: Session, name: str, now: float, *, disabled: bool) -> Account:
    """Raises AccountError for an unknown name."""
    user = _existing(session, name)
    user.disabled_at = now if disabled else None
    session.flush()
    return account_of(session, user)


def rename(session: Session, name: str, display_name: str) -> Account:
    """Another full name; the name to sign in with stays. Raises AccountError."""
    user = _existing(session, name)
    user.display_name = clean_display_name(display_name) or user.name
    session.flush()
    return account_of(session, user)


def grant(session: Session, name: str, role: str, unit: int | None, now: float, by: str) -> GrantRecord:
    """A grant that is there already is left as it is. Raises AccountError."""
    user = _existing(session, name)
    _known_role(role)
    if unit is not None and session.get(Unit, unit) is None:
        raise AccountError(f"Không có đơn vị {unit}. / There is no unit {unit}.")
    for record in grants(session, name):
        if (record.role, record.unit) == (role, unit):
            return record
    row = GrantRow(user_id=user.id, role=role, unit_id=unit, granted_at=now, granted_by=by)
    session.add(row)
    session.flush()
    return next(record for record in grants(session, name) if record.id == row.id)


def revoke(session: Session, name: str, grant_id: int) -> GrantRecord:
    """Raises AccountError when that user has no such grant."""
    record = next((one for one in grants(session, name) if one.id == grant_id), None)
    if record is None:
        raise AccountError(f"{name!r} không có quyền số {grant_id}. / User {name!r} has no grant {grant_id}.")
    session.delete(session.get_one(GrantRow, grant_id))
    session.flush()
    return record


def grants(session: Session, name: str) -> list[GrantRecord]:
    rows = session.execute(
        select(GrantRow, Unit)
        .join(User, User.id == GrantRow.user_id)
        .outerjoin(Unit, Unit.id == GrantRow.unit_id)
        .where(User.name == normalise(name))
        .order_by(GrantRow.id)
    )
    return [
        GrantRecord(
            row.id,
            row.role,
            row.unit_id,
            unit.code if unit else "",
            unit.name if unit else "",
            row.granted_at,
            row.granted_by,
        )
        for row, unit in rows
    ]


def administrators_of_all(accounts: Sequence[Account]) -> list[str]:
    """Names of those who can still administer everything: there must always be one."""
    whole = Grant(Role.ADMINISTRATOR)
    return [account.name for account in accounts if not account.disabled and whole in account.rights.grants]


def find_user(session: Session, name: str, *, disabled_too: bool) -> User | None:
    user = session.scalar(select(User).where(User.name == normalise(name)))
    return None if user is None or (user.disabled_at is not None and not disabled_too) else user


def account_of(session: Session, user: User) -> Account:
    rows = session.scalars(select(GrantRow).where(GrantRow.user_id == user.id).order_by(GrantRow.id))
    held = tuple(Grant(Role(row.role), row.unit_id) for row in rows)
    totp = session.get(TotpRow, user.id)
    return _account(user, Rights(held), totp is not None and totp.confirmed_at is not None)


def clean_display_name(text: str) -> str:
    kept = "".join(character for character in unicodedata.normalize("NFC", text) if character.isprintable())
    return " ".join(kept.split())[:200]


def _existing(session: Session, name: str) -> User:
    user = find_user(session, name, disabled_too=True)
    if user is None:
        raise AccountError(f"Không có người dùng {name!r}. / There is no user {name!r}.")
    return user


def _known_role(role: str) -> None:
    if role not in ROLES:
        known = ", ".join(ROLES)
        raise AccountError(f"Không có vai trò {role!r}. / Role {role!r} is unknown; one of: {known}")


def _account(user: User, rights: Rights, has_totp: bool) -> Account:
    return Account(
        user.id,
        user.name,
        user.display_name,
        user.must_change_password,
        has_totp,
        user.disabled_at is not None,
        rights,
    )
