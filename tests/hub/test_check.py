"""`thongsuot check` says of each part what is so, or what is wrong with it and what to do."""

from __future__ import annotations

import dataclasses
import datetime
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from sqlalchemy import URL, text, update

from collector import directory
from collector.tables import Node
from hub import certificates, check_parts, database, setup
from hub.backup import BackupStatus
from hub.check_parts import NotYet
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths, paths

Usage = namedtuple("Usage", "total used free")
NOW = 1_795_000_000.0
DAY = 86400.0


@pytest.fixture
def where(data: Path, database_url: URL | None) -> Paths:
    return dataclasses.replace(paths(data), database_url=database_url)


def test_a_database_that_is_whole_is_named_with_its_schema(where: Paths) -> None:
    assert str(where.database) in check_parts.schema(where)


def test_an_old_schema_is_said_and_left_as_it_is(where: Paths) -> None:
    engine = database.open_engine(where.database)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = 'collector_0002' WHERE version_num LIKE 'collector%'")
        )
    for _ in range(2):
        with pytest.raises(UserError, match=r"schema at .*collector_0002.*this version needs"):
            check_parts.schema(where)
    engine.dispose()


def test_a_postgresql_out_of_reach_is_said_with_the_cure(where: Paths) -> None:
    url = URL.create("postgresql+psycopg", "hub", "rất-kín", "127.0.0.1", 1, "thongsuot")
    with pytest.raises(UserError, match="systemctl status postgresql") as caught:
        check_parts.schema(dataclasses.replace(where, database_url=url))
    assert "kín" not in str(caught.value)


def test_a_backup_is_old_missing_or_not_everywhere(where: Paths) -> None:
    setup.prepare(Configuration(), where, lambda: NOW)
    (where.secrets / "session.key").touch()
    started = (where.secrets / "session.key").stat().st_mtime

    def said(status: BackupStatus, now: float) -> str:
        return check_parts.backups(where, status, enabled=True, now=now)

    with pytest.raises(NotYet, match="none yet"):
        said(BackupStatus(), started + 60)
    with pytest.raises(UserError, match="never; làm ngay / make one now: thongsuot backup"):
        said(BackupStatus(), started + 3 * DAY)
    with pytest.raises(UserError, match=r"3\.0 ngày trước"):
        said(BackupStatus(NOW, NOW, 10), NOW + 3 * DAY)
    with pytest.raises(UserError, match="not copied to: /mnt/away"):
        said(BackupStatus(NOW, NOW, 10, ("/mnt/away",)), NOW + 60)
    assert "proved by a restore" in said(BackupStatus(NOW, NOW, 10), NOW + 60)
    with pytest.raises(NotYet, match="switched off"):
        check_parts.backups(where, BackupStatus(), enabled=False, now=NOW)


def test_a_second_place_must_be_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        check_parts.second_place(str(tmp_path / "file" / "below"))
    assert check_parts.second_place(str(tmp_path / "second")) == str(tmp_path / "second")
    with pytest.raises(NotYet, match="second_folder"):
        check_parts.second_place("")


def test_a_certificate_that_ends_soon_is_said(where: Paths) -> None:
    with pytest.raises(NotYet):
        check_parts.certificate(where, NOW)
    certificates.ensure(where.tls, ["127.0.0.1"], datetime.datetime.fromtimestamp(NOW, datetime.UTC))
    assert "còn / left: 39" in check_parts.certificate(where, NOW)
    with pytest.raises(UserError, match="a restart renews it"):
        check_parts.certificate(where, NOW + 390 * DAY)


def test_a_clock_that_was_set_back_is_found(where: Paths) -> None:
    assert check_parts.clock(where, NOW)
    engine = database.open_engine(where.database)
    with database.sessions(engine).begin() as session:
        directory.ensure_site(session, "vt", "Vĩnh Tường")
        token = directory.issue_token(session, "vt", NOW)
        directory.enrol(session, str(token), "pc", "Linux", "0.1.0", NOW)
        session.execute(update(Node).values(last_seen_at=NOW))
    engine.dispose()
    with pytest.raises(UserError, match="3600 s behind what was received already"):
        check_parts.clock(where, NOW - 3600)


def test_a_full_disk_is_said(where: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * 1024**3, 99 * 1024**3, 1024**3))
    with pytest.raises(UserError, match=r"1\.0 GiB trống.*nearly full"):
        check_parts.disk(where)
