from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import collector.migrations
from collector.tables import metadata
from tests.collector.conftest import open_engine

ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
"""


def test_the_migrations_yield_the_schema_of_the_tables(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "env.py").write_text(ENV)
    config = Config()
    config.set_main_option("script_location", str(tmp_path / "scripts"))
    config.set_main_option("path_separator", "newline")
    versions = Path(str(collector.migrations.__file__)).with_name("versions")
    config.set_main_option("version_locations", str(versions))
    engine = open_engine(tmp_path / "hub.db")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "collector@head")
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
            command.downgrade(config, "collector@base")
            assert inspect(connection).get_table_names() == ["alembic_version"]
    finally:
        engine.dispose()
