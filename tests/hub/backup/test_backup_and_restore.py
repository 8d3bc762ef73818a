"""Backups that come back whole, that nobody reads without the key, and that say when they are damaged."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import sqlite3
import tarfile
from pathlib import Path

import pyrage
import pytest

from hub import backup
from hub.backup import BackupError, Backups, BackupSettings, BackupStatus
from hub.backup.schedule import INTERVAL_SECONDS, KEEP_AT_LEAST

NOW = 1_795_000_000.0
SECRET = "không ai được đọc"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for folder in ("secrets", "tls", "agent", "log"):
        (root / folder).mkdir(parents=True)
    (root / "secrets/session.key").write_text(SECRET)
    (root / "tls/ca.pem").write_text("CA")
    (root / "agent/node.key").write_text("node")
    (root / "log/hub.log").write_text("not backed up")
    with sqlite3.connect(root / "hub.db") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE kept (word TEXT)")
        database.execute("INSERT INTO kept VALUES (?)", (SECRET,))
    database.close()
    return root


@pytest.fixture
def backups(root: Path, tmp_path: Path) -> Backups:
    return Backups(root, BackupSettings((tmp_path / "first", tmp_path / "second"), keep_days=30))


def words(folder: Path) -> list[str]:
    database = sqlite3.connect(folder / "hub.db")
    try:
        return [word for (word,) in database.execute("SELECT word FROM kept")]
    finally:
        database.close()


def test_what_was_backed_up_comes_back_while_somebody_writes(root: Path, tmp_path: Path, backups: Backups) -> None:
    writing = sqlite3.connect(root / "hub.db")
    writing.execute("INSERT INTO kept VALUES ('not committed yet')")
    archive = backups.run(NOW)
    writing.rollback()
    writing.close()
    manifest = backup.restore(archive.path, backups.key(), tmp_path / "restored")
    assert manifest.made_at == NOW
    assert words(tmp_path / "restored") == [SECRET]
    assert (tmp_path / "restored/secrets/session.key").read_text() == SECRET
    assert (tmp_path / "restored/secrets/session.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "restored/agent/node.key").read_text() == "node"
    assert not (tmp_path / "restored/log").exists()


def test_the_second_place_has_the_same_file_and_one_out_of_reach_is_said(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    places = (tmp_path / "first", tmp_path / "second", tmp_path / "file" / "below")
    backups = Backups(root, BackupSettings(places, keep_days=30))
    archive = backups.run(NOW)
    assert (tmp_path / "second" / archive.path.name).read_bytes() == archive.path.read_bytes()
    assert backups.status() == BackupStatus(NOW, NOW, archive.bytes, (str(places[2]),))


def test_without_the_key_nothing_is_read(backups: Backups, tmp_path: Path) -> None:
    archive = backups.run(NOW)
    assert SECRET.encode() not in archive.path.read_bytes()
    stranger = str(pyrage.x25519.Identity.generate())
    with pytest.raises(BackupError, match="not a backup that this key opens, or damaged"):
        backup.restore(archive.path, stranger, tmp_path / "restored")
    with pytest.raises(BackupError, match="the key is no backup key"):
        backup.restore(archive.path, "nonsense", tmp_path / "restored")


@pytest.mark.parametrize("where", [0.1, 0.5, 0.999])
def test_a_damaged_backup_is_refused_and_leaves_nothing(backups: Backups, tmp_path: Path, where: float) -> None:
    archive = backups.run(NOW)
    content = bytearray(archive.path.read_bytes())
    content[int(len(content) * where)] ^= 0xFF
    archive.path.write_bytes(content)
    with pytest.raises(BackupError):
        backup.restore(archive.path, backups.key(), tmp_path / "restored")
    assert not (tmp_path / "restored").exists() or not any((tmp_path / "restored").iterdir())


def test_a_cut_backup_is_refused(backups: Backups, tmp_path: Path) -> None:
    archive = backups.run(NOW)
    archive.path.write_bytes(archive.path.read_bytes()[:-200])
    with pytest.raises(BackupError, match="damaged"):
        backup.restore(archive.path, backups.key(), tmp_path / "restored")


def test_a_forged_backup_writes_nothing_outside_its_folder(backups: Backups, tmp_path: Path) -> None:
    plain = io.BytesIO()
    content = b"stolen"
    manifest = {
        "format": 1,
        "version": "0",
        "made_at": 0.0,
        "files": {"../evil": hashlib.sha256(content).hexdigest()},
    }
    with tarfile.open(fileobj=plain, mode="w:gz") as tar:
        for name, body in (("manifest.json", json.dumps(manifest).encode()), ("../evil", content)):
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    forged = tmp_path / "forged.tar.gz.age"
    recipient = pyrage.x25519.Identity.from_str(backups.key()).to_public()
    forged.write_bytes(pyrage.encrypt(plain.getvalue(), [recipient]))
    with pytest.raises(BackupError, match=r"holds '\.\./evil'"):
        backup.restore(forged, backups.key(), tmp_path / "restored")
    assert not (tmp_path / "evil").exists()


def test_nothing_is_restored_over_what_is_there(backups: Backups, root: Path) -> None:
    archive = backups.run(NOW)
    with pytest.raises(BackupError, match="is not empty; restore into a new folder"):
        backup.restore(archive.path, backups.key(), root)


def test_old_backups_go_but_the_last_ones_stay(backups: Backups, tmp_path: Path) -> None:
    for day in range(KEEP_AT_LEAST + 2):
        archive = backups.run(NOW + day * INTERVAL_SECONDS)
        os.utime(archive.path, (NOW - 100 * INTERVAL_SECONDS,) * 2)
    backups.run(NOW + 9 * INTERVAL_SECONDS)
    assert len(list((tmp_path / "first").glob("*.age"))) == KEEP_AT_LEAST


def test_a_backup_is_due_once_a_day() -> None:
    status = dataclasses.replace(BackupStatus(), last_success=NOW)
    assert BackupStatus().is_due(NOW)
    assert (status.is_due(NOW + INTERVAL_SECONDS - 1), status.is_due(NOW + INTERVAL_SECONDS)) == (False, True)
