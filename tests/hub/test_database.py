"""The database is brought to this version's schema, and one of a newer version is refused with words."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, inspect, text

import collector.tables
import conferencing.tables
import exporters.oncall.rota.tables
import exporters.oncall.tables
from hub import database as hub_database
from hub.failure import UserError
from hub.paths import Paths, paths
from tests.postgres import PostgresServer, on_both_databases


@pytest.fixture
def where(tmp_path: Path, request: pytest.FixtureRequest, database: str) -> Paths:
    """A new data folder with an empty database."""
    found = paths(tmp_path / "data")
    found.create()
    if database == "sqlite":
        return found
    server: PostgresServer = request.getfixturevalue("postgres")
    return dataclasses.replace(found, database_url=server.url(server.fresh_database()))


@on_both_databases
def test_migrations_give_the_tables_that_the_packages_declare(where: Paths) -> None:
    hub_database.opened(where).dispose()
    engine = hub_database.opened(where)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        for metadata in (collector.tables.metadata, conferencing.tables.metadata, exporters.oncall.tables.metadata):
            ours = set(metadata.tables)
            foreign = [
                change
                for change in compare_metadata(context, metadata)
                if not (change[0] in ("remove_table", "remove_index") and _table_of(change) not in ours)
            ]
            assert foreign == []
    assert {"units", "nodes", "line_minutes", "meetings", "meeting_events"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def _table_of(change: tuple[object, ...]) -> str:
    item = change[1]
    table = getattr(item, "table", item)
    return str(getattr(table, "name", ""))


@on_both_databases
def test_a_database_of_a_newer_version_is_refused(where: Paths) -> None:
    engine = hub_database.opened(where)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('collector_9999')"))
    engine.dispose()
    with pytest.raises(UserError, match=r": .*was written by a newer version .*collector_9999.*start that"):
        hub_database.opened(where)


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"this is not a database" * 100)
    engine = hub_database.open_engine(tmp_path / "hub.db")
    with pytest.raises(UserError, match=r"hub\.db: .*cannot be used as a database: file is not a database"):
        hub_database.migrate(engine, "hub.db")
    engine.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_postgresql_out_of_reach_is_said_with_the_cure_and_without_the_password(where: Paths) -> None:
    url = URL.create("postgresql+psycopg", "hub", "geheim-123", "127.0.0.1", 1, "thongsuot")
    with pytest.raises(UserError) as caught:
        hub_database.opened(dataclasses.replace(where, database_url=url))
    said = str(caught.value)
    assert said.startswith("postgresql://hub@127.0.0.1:1/thongsuot: không dùng được PostgreSQL / cannot be used: ")
    assert "systemctl status postgresql" in said
    assert "geheim" not in said
    assert "\n" not in said


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_tables_of_another_program_are_left_alone(where: Paths) -> None:
    assert where.database_url is not None
    engine = hub_database.open_postgresql(where.database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id int)"))
    engine.dispose()
    with pytest.raises(UserError, match=r"holds tables of another program \(theirs"):
        hub_database.opened(where)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_folder_never_changes_its_database_in_silence(where: Paths) -> None:
    hub_database.opened(where).dispose()
    with pytest.raises(UserError, match=r"belongs to postgresql://postgres@/tmp.*give that address again"):
        hub_database.opened(paths(where.root))
    where.database_mark.unlink()
    hub_database.opened(paths(where.root)).dispose()
    with pytest.raises(UserError, match=r"hub\.db đã có dữ liệu .*thongsuot backup"):
        hub_database.opened(where)
