from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from collector.accounts import passwords
from hub import database
from hub.paths import paths
from tests.hub.hub_app import HubApp, open_hub


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database has this version's schema: each test has a copy."""
    where = paths(tmp_path_factory.mktemp("template") / "data")
    where.create()
    engine = database.open_engine(where.database)
    database.migrate(engine, "hub.db")
    engine.dispose()
    return where.root


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little: what is tested is not argon2."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def hub(tmp_path: Path, migrated: Path, quick_passwords: None) -> AsyncIterator[HubApp]:
    folder = tmp_path / "data"
    shutil.copytree(migrated, folder)
    async for found in open_hub(folder):
        yield found
