"""The command line for users, audit log and keys, on a data folder of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import delete
from typer.testing import CliRunner, Result

from collector import accounts
from collector.accounts import totp
from collector.accounts.totp import CodeVerdict
from collector.tables import AuditEntryRow
from hub.access import sessions_of
from hub.cli import app
from hub.failure import UserError
from hub.key_ring import KeyRing
from hub.paths import Paths, paths
from hub.secret_sources import secret_sources

NOW = 1_790_000_000.0


@pytest.fixture
def where(tmp_path: Path, migrated: Path, quick_passwords: None) -> Paths:
    shutil.copytree(migrated, tmp_path / "data")
    return paths(tmp_path / "data")


def run(where: Paths, *words: str, status: int = 0) -> Result:
    done = CliRunner().invoke(app, [*words, "--data", str(where.root)])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == status, done.output
    return done


def password_of(done: Result) -> str:
    return done.output.split()[2]


def test_a_user_is_added_listed_and_reset(where: Paths) -> None:
    first = password_of(run(where, "user", "add", "lan", "--role", "secretary", "--display-name", "Lan"))
    run(where, "user", "grant", "lan", "--role", "technician")
    assert "secretary @ *, technician @ *" in run(where, "user", "list").output
    second = password_of(run(where, "user", "reset", "lan"))
    with sessions_of(where)() as session:
        assert accounts.verify(session, "lan", first) is None
        assert accounts.verify(session, "lan", second) is not None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("user", "add", "lan", "--role", "king"), "Role 'king' is unknown"),
        (("user", "add", "lan", "--unit", "x"), "--unit x: không có đơn vị này / no such unit"),
        (("user", "reset", "nobody"), "There is no user 'nobody'"),
        (("user", "grant", "nobody", "--role", "leader"), "There is no user 'nobody'"),
        (("audit", "export", "--format", "xml"), "--format xml: chọn json hoặc csv / json or csv"),
    ],
)
def test_a_mistake_is_said_in_one_line(where: Paths, words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as error:
        run(where, *words)
    assert message in str(error.value)


def test_the_log_is_proved_exported_and_a_cut_is_found(where: Paths) -> None:
    for name in ("lan", "nam"):
        run(where, "user", "add", name)
    assert run(where, "audit", "verify").output.startswith("● 2 ")
    exported = json.loads(run(where, "audit", "export").output)
    assert [entry["object"] for entry in exported] == ["lan", "nam"]
    assert "user.added" in run(where, "audit", "export", "--format", "csv").output
    with sessions_of(where).begin() as session:
        session.execute(delete(AuditEntryRow).where(AuditEntryRow.seq == 2))
    assert "its end was cut" in run(where, "audit", "verify", status=1).output


def test_keys_rotate_and_every_second_factor_still_works(where: Paths) -> None:
    ring = KeyRing(secret_sources(where.secrets))
    sessions = sessions_of(where)
    with sessions.begin() as session:
        user = accounts.add(session, "lan", "mười hai chữ cái", NOW).id
        secret = totp.begin(session, user, ring)
        totp.confirm(session, user, pyotp.TOTP(secret).at(int(NOW)), NOW, ring)
    run(where, "secrets", "rotate")
    run(where, "secrets", "rotate", "--forget-old")
    with sessions.begin() as session:
        code = pyotp.TOTP(secret).at(int(NOW) + 60)
        # The ring of a hub that runs on: it reads the file again.
        assert totp.verify(session, user, code, NOW + 60, ring) is CodeVerdict.RIGHT
    assert len(KeyRing(secret_sources(where.secrets)).key_ids) == 1
    assert "secrets.rotated" in run(where, "audit", "export").output
