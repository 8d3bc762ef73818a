from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import URL

from collector.accounts import passwords
from hub import database as hub_database
from hub.paths import paths
from tests.hub.hub_app import HubApp, open_hub
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database has this version's schema: each test has a copy."""
    where = paths(tmp_path_factory.mktemp("template") / "data")
    where.create()
    hub_database.opened(where).dispose()
    return where.root


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with this version's schema."""
    name = postgres.fresh_database()
    engine = hub_database.open_postgresql(postgres.url(name))
    hub_database.migrate(engine, name)
    engine.dispose()
    return name


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """SQLite; with the mark `on_both_databases`, either."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little: what is tested is not argon2."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def data(tmp_path: Path, migrated: Path, database: str) -> Path:
    """A data folder of this test's own; on PostgreSQL, without hub.db."""
    folder = tmp_path / "data"
    shutil.copytree(migrated, folder)
    if database == "postgresql":
        (folder / "hub.db").unlink()
    return folder


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database: str) -> URL | None:
    if database == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.fresh_database(request.getfixturevalue("migrated_postgres")))


@pytest.fixture
async def hub(data: Path, database_url: URL | None, quick_passwords: None) -> AsyncIterator[HubApp]:
    async for found in open_hub(data, database_url):
        yield found
