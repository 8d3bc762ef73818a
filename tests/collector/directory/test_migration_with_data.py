"""The directory's migration goes forward and back with rows in the tables, on SQLite and on PostgreSQL."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from collector.tables import metadata
from tests.collector.migrations import config, empty, run
from tests.postgres import postgres

__all__ = ["config", "empty", "postgres"]

ROWS = (
    "INSERT INTO units (id, code, name, kind, parent_id, valid_from) "
    "VALUES (1, '252', 'Vĩnh Tường', 'huyen', NULL, '2019-09-01')",
    "INSERT INTO units (id, code, name, kind, parent_id, valid_from) "
    "VALUES (2, '09079', 'Kim Xá', 'xa', 1, '2019-09-01')",
    "INSERT INTO sites (id, code, name, unit_id) VALUES (1, 'xa-kim-xa', 'UBND xã Kim Xá', 2)",
    "INSERT INTO nodes (id, site_id, hostname, platform, version, key_sha256, enrolled_at, clock_offset_ms) "
    "VALUES ('n-1', 1, 'PC-KimXa', 'Linux', '0.1.0', 'aa', 1.5, 0)",
    "INSERT INTO lines (id, code, site_id, provider, name, stamp_ssid, stamp_key, measured_by) "
    "VALUES (1, 'xa-kim-xa-1', 1, 'VNPT', 'Đường truyền 1', 1, 'ff', 'n-1')",
    "INSERT INTO node_minutes (node_id, minute) VALUES ('n-1', 60)",
)  # fmt: skip
LATER = (
    "INSERT INTO people (id, code, name, title, site_id, search) VALUES (1, 'lan', 'Lan', 'Văn phòng', 1, 'lan')",
    "UPDATE sites SET technician_id = 1, place = 'phòng họp'",
    "INSERT INTO units (id, code, name, kind, valid_from) VALUES (3, '09079', 'Vĩnh An', 'xa', '2025-07-01')",
    "UPDATE units SET successor_id = 3, valid_to = '2025-07-01' WHERE id = 2",
    "INSERT INTO site_pasts (site_id, until, unit_id) VALUES (1, '2025-07-01', 2)",
    "INSERT INTO devices VALUES (1, 'r1', 1, 'Router', 'router', '', '', '', '', NULL, '', '', NULL, 'r1')",
    "INSERT INTO telephones VALUES (1, 't1', '0211', 'office', 'everyone', 1, 1, '0211')",
    "INSERT INTO directory_changes (id, at, actor, noun, key, batch) VALUES (1, 1.0, 'lan', 'sites', 'x', 'b')",
    "INSERT INTO directory_changes (id, at, actor, noun, key, batch, undoes) VALUES (2, 1.0, 'a', 's', 'x', 'c', 1)",
)


def test_rows_live_through_the_way_forward_and_back(empty: Engine, config: Config) -> None:
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "collector_0001")
        run(connection, ROWS)
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "collector_0002")
        found = connection.execute(
            text("SELECT search FROM units UNION ALL SELECT search FROM sites UNION ALL SELECT search FROM lines")
        )
        assert sorted(found.scalars()) == [
            "09079 kim xa",
            "252 vinh tuong",
            "xa-kim-xa ubnd xa kim xa",
            "xa-kim-xa-1 duong truyen 1 vnpt",
        ]
        assert connection.scalar(text("SELECT network FROM lines")) == "internet"
        run(connection, LATER)
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "collector_0001")
        assert {"people", "devices", "site_pasts"}.isdisjoint(inspect(connection).get_table_names())
        assert [column["name"] for column in inspect(connection).get_columns("sites")] == [
            "id", "code", "name", "unit_id",
        ]  # fmt: skip
        assert connection.scalar(text("SELECT count(*) FROM units")) == 3
        assert connection.execute(text("SELECT code, measured_by FROM lines")).all() == [("xa-kim-xa-1", "n-1")]
        command.upgrade(config, "collector_0002")


def test_both_databases_get_the_schema_that_the_tables_declare(empty: Engine, config: Config) -> None:
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        heads = ScriptDirectory.from_config(config).get_heads()
        command.upgrade(config, "heads")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert len(heads) == 1
        assert compare_metadata(context, metadata) == []
        command.downgrade(config, "collector@base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
