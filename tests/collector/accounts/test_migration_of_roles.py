"""The one role per user of before becomes a grant on the whole tree, and comes back, on both databases."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from tests.collector.migrations import config, empty
from tests.postgres import postgres

__all__ = ["config", "empty", "postgres"]

USER = (
    "INSERT INTO users (id, name, display_name, password_hash, role, must_change_password, created_at) "
    "VALUES (:id, :name, :name, 'x', :role, false, 5.0)"
)


def test_roles_become_grants_and_come_back(empty: Engine, config: Config) -> None:
    with empty.begin() as connection:
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
