"""The migrations yield the tables as they are declared, and go back to nothing, on both databases."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from collector.tables import metadata
from tests.collector.migrations import config, empty
from tests.postgres import postgres

__all__ = ["config", "empty", "postgres"]


def test_the_migrations_yield_the_schema_of_the_tables(empty: Engine, config: Config) -> None:
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "collector@head")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        command.downgrade(config, "collector@base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
