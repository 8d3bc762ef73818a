"""Fixtures for tests of the collector's migrations: import `empty` and `config`, and `postgres` beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

import collector.migrations
from tests.collector.conftest import open_engine
from tests.postgres import DATABASES, PostgresServer

ENV = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
"""


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        engine = open_engine(tmp_path / "hub.db")
        yield engine
        engine.dispose()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.engine() as engine:
            yield engine


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Wants the connection in `attributes["connection"]`."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "env.py").write_text(ENV)
    config = Config()
    config.set_main_option("script_location", str(tmp_path / "scripts"))
    config.set_main_option("path_separator", "newline")
    versions = Path(str(collector.migrations.__file__)).with_name("versions")
    config.set_main_option("version_locations", str(versions))
    return config


def run(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(text(statement))
