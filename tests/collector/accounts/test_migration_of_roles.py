"""Part 1's one role per user becomes a grant on the whole tree, and comes back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

import collector.migrations
from tests.collector.conftest import open_engine
from tests.collector.test_migration import ENV
from tests.postgres import PostgresServer, postgres  # noqa: F401 - a fixture

USER = (
    "INSERT INTO users (id, name, display_name, password_hash, role, must_change_password, created_at) "
    "VALUES (:id, :name, :name, 'x', :role, false, 5.0)"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
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
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "env.py").write_text(ENV)
    config = Config()
    config.set_main_option("script_location", str(tmp_path / "scripts"))
    config.set_main_option("path_separator", "newline")
    versions = Path(str(collector.migrations.__file__)).with_name("versions")
    config.set_main_option("version_locations", str(versions))
    return config


def test_roles_become_grants_and_come_back(engine: Engine, config: Config) -> None:
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "collector_0002")
        for number, role in enumerate(("administrator", "technician", "viewer"), start=1):
            connection.execute(text(USER), {"id": number, "name": role, "role": role})
        command.upgrade(config, "collector_0003")
        grants = connection.execute(text("SELECT user_id, role, unit_id, granted_at, granted_by FROM grants")).all()
        assert sorted(map(tuple, grants)) == [
            (1, "administrator", None, 5.0, "migration"),
            (2, "technician", None, 5.0, "migration"),
            (3, "leader", None, 5.0, "migration"),
        ]
        assert connection.execute(text("SELECT seq, hash FROM audit_head")).one() == (0, "0" * 64)

        connection.execute(
            text("INSERT INTO grants (user_id, role, granted_at, granted_by) VALUES (2, 'leader', 6.0, 'x')")
        )
        command.downgrade(config, "collector_0002")
        roles = connection.execute(text("SELECT name, role FROM users ORDER BY id")).all()
        assert list(map(tuple, roles)) == [(role, role) for role in ("administrator", "technician", "viewer")]
        command.upgrade(config, "collector_0003")
        assert connection.scalar(text("SELECT count(*) FROM grants")) == 3
