"""A hub's backup comes back whole from either database onto either, with an audit log that is still proved."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, select, text

from collector import audit, presets
from collector.directory import importing
from collector.tables import LineMinute, User, metadata
from conferencing.meeting.events import Event, SeatSilent, SeatTaken
from conferencing.store import LoggedEvent, MeetingStore
from conferencing.tables import metadata as meetings
from hub import account_commands, backup_commands, database, database_location, setup
from hub.access import sessions_of
from hub.backup import database_copy
from hub.backup.database_copy import CopyError
from hub.configuration import Configuration
from hub.failure import UserError
from hub.paths import Paths, paths
from tests.postgres import DATABASES, PostgresServer

NOW = 1_795_000_000.0


def place(request: pytest.FixtureRequest, folder: Path, kind: str) -> Paths:
    found = paths(folder)
    if kind == "sqlite":
        return found
    server: PostgresServer = request.getfixturevalue("postgres")
    return dataclasses.replace(found, database_url=server.url(server.fresh_database()))


@pytest.fixture(params=DATABASES)
def source(request: pytest.FixtureRequest, tmp_path: Path, quick_passwords: None) -> Paths:
    """A hub with the real district, minutes with and without open windows, a meeting, and an audit log."""
    where = place(request, tmp_path / "source", request.param)
    setup.prepare(Configuration(), where, lambda: NOW)
    sessions = sessions_of(where)
    with sessions.begin() as session:
        importing.carry_out(presets.plan(session, "huyen-2019"), actor="lan", now=NOW)
        audit.record(session, "lan", "directory.changed", "xã", {"tên": "Đại Đồng", "số": [1, 2.5, None]}, now=NOW)
        base = {"line_id": 1, "updated_at": NOW + 1 / 3, "rtt_min": 0.1 + 0.2, "windows_mask": 63}
        session.execute(insert(LineMinute), [
            {**base, "minute": 60, "open_windows": None, "rtt_buckets": [1, 2, 3]},
            {**base, "minute": 120, "open_windows": {"0": {"end_ms": 1.5}}, "rtt_buckets": None},
        ])  # fmt: skip
    store = MeetingStore(sessions)
    meeting = store.create("Giao ban tuần", "lan", NOW)
    store.append([LoggedEvent(meeting.id, NOW, one) for one in some_events()])
    sessions.kw["bind"].dispose()
    return where


def some_events() -> list[Event]:
    return [SeatTaken("a1", "Điểm cầu Thổ Tang", None, "tt"), SeatSilent("a1")]


def rows(where: Paths) -> dict[str, list[tuple[object, ...]]]:
    engine = opened(where)
    with engine.connect() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for part in (metadata, meetings)
            for table in part.sorted_tables
        }
    engine.dispose()
    return found


def opened(where: Paths) -> Engine:
    return create_engine(where.database_url or f"sqlite:///{where.database}")


def backed_up(source: Paths) -> tuple[Path, Path]:
    backup_commands.run(Configuration(), source)
    return next(source.backup.glob("*.age")), source.secrets / "backup.key"


@pytest.mark.parametrize("onto", DATABASES)
def test_a_hub_comes_back_whole(
    request: pytest.FixtureRequest, tmp_path: Path, source: Paths, onto: str, capsys: pytest.CaptureFixture[str]
) -> None:
    archive, key = backed_up(source)
    target = place(request, tmp_path / "restored", onto)
    url_file = tmp_path / "url"
    if target.database_url is not None:
        url_file.write_text(target.database_url.render_as_string(hide_password=False))
    backup_commands.restore(archive, target.root, key, url_file if target.database_url is not None else None)
    assert rows(target) == rows(source)
    # What is started with --data alone finds the database it was restored onto.
    found = database_location.located(paths(target.root), Configuration(), {})
    assert found.database_url == target.database_url
    assert account_commands.verify_audit(found)
    assert "nguyên vẹn" in capsys.readouterr().out
    assert (target.root / "audit-head.json").read_bytes() == (source.root / "audit-head.json").read_bytes()
    # Numbers go on where they were, and the log goes on from its end.
    account_commands.add_user(found, "nam", "leader", "", "")
    assert account_commands.verify_audit(found)


def test_a_null_stays_one_on_either_side(source: Paths, tmp_path: Path) -> None:
    engine = opened(source)
    database_copy.to_file(engine, tmp_path / "copy.db")
    engine.dispose()
    copy = create_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with copy.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM line_minutes WHERE open_windows IS NOT NULL")).scalar()
    copy.dispose()
    assert kept == 1


def test_a_database_that_is_not_empty_is_left_as_it_is(
    request: pytest.FixtureRequest, tmp_path: Path, source: Paths
) -> None:
    archive, key = backed_up(source)
    target = place(request, tmp_path / "other", "postgresql")
    setup.prepare(Configuration(), target, lambda: NOW)
    before = rows(target)
    url_file = tmp_path / "url"
    assert target.database_url is not None
    url_file.write_text(target.database_url.render_as_string(hide_password=False))
    with pytest.raises(UserError, match="is not empty"):
        backup_commands.restore(archive, tmp_path / "restored", key, url_file)
    assert rows(target) == before
    assert not (tmp_path / "restored").exists()


def test_rows_that_do_not_belong_together_leave_the_target_empty(
    request: pytest.FixtureRequest, tmp_path: Path, source: Paths
) -> None:
    engine = opened(source)
    database_copy.to_file(engine, tmp_path / "copy.db")
    engine.dispose()
    broken = create_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with broken.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(User.__table__.delete())  # type: ignore[attr-defined]
    broken.dispose()
    target = place(request, tmp_path / "target", "postgresql")
    assert target.database_url is not None
    onto = database.open_postgresql(target.database_url)
    with pytest.raises(CopyError, match="copying failed: insert or update on table"):
        database_copy.from_file(tmp_path / "copy.db", onto, "target")
    with onto.connect() as connection:
        assert database_copy.counts(connection) == {}
    onto.dispose()


def test_the_address_of_the_database_is_in_no_backup(source: Paths, tmp_path: Path) -> None:
    (source.secrets / "database.url").write_text("postgresql://hub:rất-kín@db/thongsuot")
    archive, key = backed_up(source)
    backup_commands.restore(archive, tmp_path / "restored", key)
    assert not (tmp_path / "restored/secrets/database.url").exists()
