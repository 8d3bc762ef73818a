"""Commands for accounts, the audit log and the key ring, for whoever has the machine: also without a browser."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import accounts, audit
from collector.accounts import api_tokens, sign_ins, totp
from collector.audit import export
from collector.tables import Unit
from hub.access import audit_head, sessions_of
from hub.failure import UserError
from hub.key_ring import KeyRing
from hub.one_time import one_time_password
from hub.paths import Paths
from hub.secret_sources import secret_sources

ACTOR = "command line"

Result = TypeVar("Result")


def add_user(where: Paths, name: str, role: str, unit: str, display_name: str) -> None:
    """Raises UserError when the name is taken, the role or the unit unknown."""
    password = one_time_password()
    with _opened(where) as session:
        now = time.time()
        place = _unit(session, unit)
        added = _account_errors(
            lambda: accounts.add(
                session,
                name,
                password,
                now,
                display_name=display_name or name,
                role=role,
                unit=place,
                must_change_password=True,
                by=ACTOR,
            )
        )
        audit.record(session, ACTOR, "user.added", added.name, {"role": role, "unit": place}, now=now)
    _print_password(name, password)


def grant(where: Paths, name: str, role: str, unit: str) -> None:
    """Raises UserError."""
    with _opened(where) as session:
        now = time.time()
        place = _unit(session, unit)
        _account_errors(lambda: accounts.grant(session, name, role, place, now, ACTOR))
        detail = {"role": role, "unit": place}
        audit.record(session, ACTOR, "user.granted", accounts.normalise(name), detail, now=now)


def reset_user(where: Paths, name: str) -> None:
    """For somebody who has lost everything: raises UserError for an unknown name."""
    password = one_time_password()
    with _opened(where) as session:
        now = time.time()
        account = _account_errors(lambda: accounts.reset_password(session, name, password))
        accounts.set_disabled(session, name, now, disabled=False)
        totp.remove(session, account.id)
        sign_ins.end_all(session, account.id, now, "password reset")
        api_tokens.revoke_all(session, account.id, now)
        audit.record(session, ACTOR, "user.password_reset", account.name, {"totp_removed": True}, now=now)
    _print_password(name, password)


def list_users(where: Paths) -> None:
    with _opened(where) as session:
        for account in accounts.everyone(session):
            marks = [
                *(["TOTP"] if account.has_totp else []),
                *(["đã khóa / disabled"] if account.disabled else []),
            ]
            held = [f"{one.role} @ {one.unit_code or '*'}" for one in accounts.grants(session, account.name)]
            typer.echo(f"{account.name:<20} {account.display_name:<28} {', '.join(held)}  {' '.join(marks)}".rstrip())


def verify_audit(where: Paths) -> bool:
    """Whether the log is whole."""
    with _opened(where) as session:
        verdict = audit.verify(session, audit_head(where, secret_sources(where.secrets)))
    if verdict.is_whole:
        typer.echo(f"● {verdict.entries} mục, nguyên vẹn / entries, whole")
    else:
        typer.echo(f"◆ KHÔNG nguyên vẹn / NOT whole: {verdict.problem} ({verdict.entries} good entries before it)")
    return verdict.is_whole


def export_audit(where: Paths, form: str) -> None:
    """The whole log to standard output. Raises UserError for an unknown form."""
    if form not in ("json", "csv"):
        raise UserError(f"--format {form}: chọn json hoặc csv / json or csv")
    with _opened(where) as session:
        found = audit.entries(session)
        for piece in export.as_json(found) if form == "json" else export.as_csv(found):
            sys.stdout.write(piece)


def rotate_secrets(where: Paths, *, forget: bool) -> None:
    """A new key; all that is stored is encrypted with it. `forget`: old keys go, and old backups open no more."""
    with _opened(where) as session:
        ring = KeyRing(secret_sources(where.secrets))
        name = ring.add_key()
        count = totp.reseal(session, ring)
        audit.record(session, ACTOR, "secrets.rotated", name, {"values": count}, now=time.time())
    # After the commit: until then the old keys are what opens the stored values.
    dropped = ring.forget_old_keys() if forget else 0
    typer.echo(f"Khóa hiện nay / current key: {name}; mã hóa lại / encrypted again: {count}; bỏ / dropped: {dropped}")


@contextmanager
def _opened(where: Paths) -> Iterator[Session]:
    sessions = sessions_of(where)
    try:
        with sessions.begin() as session:
            yield session
    finally:
        sessions.kw["bind"].dispose()


def _unit(session: Session, code: str) -> int | None:
    if not code:
        return None
    found = session.scalars(select(Unit).where(Unit.code == code).order_by(Unit.valid_from.desc())).first()
    if found is None:
        raise UserError(f"--unit {code}: không có đơn vị này / no such unit")
    return found.id


def _account_errors(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except accounts.AccountError as error:
        raise UserError(str(error)) from None


def _print_password(name: str, password: str) -> None:
    typer.echo(f"{name} / {password}  (dùng một lần: phải đổi khi đăng nhập / one-time: to be changed at sign-in)")
