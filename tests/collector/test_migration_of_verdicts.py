"""The migration to states, causes and episodes goes forward and back with minutes there, on both databases."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect, text

from tests.collector.directory.test_migration_with_data import ROWS
from tests.collector.migrations import config, empty, run
from tests.postgres import postgres

__all__ = ["config", "empty", "postgres"]

COUNTS = (
    "windows_mask", "direction_mask", "sent", "received", "lost_up", "lost_down", "lost_unknown", "unmeasured",
    "late", "duplicate", "reordered", "skipped", "late_sends", "loss_bursts",
)  # fmt: skip
MINUTES = tuple(
    f"INSERT INTO line_minutes (line_id, minute, updated_at, {', '.join(COUNTS)}) "
    f"VALUES (1, {minute}, 1.0, {', '.join('0' for _ in COUNTS)})"
    for minute in (3600, 3660, 7200)
)
LATER = (
    "UPDATE line_minutes SET state = 'down', cause = 'power' WHERE minute = 3660",
    "INSERT INTO line_episodes VALUES (1, 3660, 3720, 'down', 'power', '{}', 1.0, NULL)",
    "INSERT INTO node_event_cursors VALUES ('n-1', '0123456789abcdef', 3, 1.0)",
    "INSERT INTO node_events (node_id, epoch, sequence, at, received_at, kind, severity, subject, detail) "
    "VALUES ('n-1', '0123456789abcdef', 3, 1.0, 1.0, 'power.last_gasp', 'critical', '', '{}')",
)


def test_minutes_measured_before_are_to_be_judged_and_live_through_the_way_back(
    empty: Engine, config: Config
) -> None:
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "collector_0001")
        run(connection, (*ROWS, *MINUTES))
        command.upgrade(config, "collector_0004")
        work = connection.execute(text("SELECT line_id, hour, since, until FROM line_work ORDER BY hour")).all()
        assert list(map(tuple, work)) == [(1, 3600, 3600, 3660), (1, 7200, 7200, 7200)]
        run(connection, LATER)
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "collector_0003")
        assert {"line_episodes", "node_events", "evidence_minutes"}.isdisjoint(inspect(connection).get_table_names())
        assert connection.scalar(text("SELECT count(*) FROM line_minutes")) == 3
        assert "ix_line_minutes_open" in {one["name"] for one in inspect(connection).get_indexes("line_minutes")}
        command.upgrade(config, "collector_0004")
        assert connection.scalar(text("SELECT count(*) FROM line_work")) == 2
