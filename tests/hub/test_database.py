"""The database is brought to this version's schema, and one of a newer version is refused with words."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

import collector.tables
import conferencing.tables
from hub import database
from hub.failure import UserError


def test_migrations_give_the_tables_that_the_packages_declare(tmp_path: Path) -> None:
    engine = database.open_engine(tmp_path / "hub.db")
    database.migrate(engine, "hub.db")
    database.migrate(engine, "hub.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        for metadata in (collector.tables.metadata, conferencing.tables.metadata):
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


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    engine = database.open_engine(tmp_path / "hub.db")
    database.migrate(engine, "hub.db")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('collector_9999')"))
    with pytest.raises(UserError, match=r"hub\.db: was written by a newer version .*collector_9999.*start that"):
        database.migrate(engine, "hub.db")
    engine.dispose()


def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"this is not a database" * 100)
    engine = database.open_engine(tmp_path / "hub.db")
    with pytest.raises(UserError, match=r"hub\.db: cannot be used as a database: file is not a database"):
        database.migrate(engine, "hub.db")
    engine.dispose()
