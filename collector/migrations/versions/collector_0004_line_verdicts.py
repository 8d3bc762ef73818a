"""States and causes of line minutes, evidence, events of nodes, episodes, days."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "collector_0004"
down_revision = "collector_0003"
branch_labels = None
depends_on = None

HOPS = ("gateway", "first_hop", "hub")


def upgrade() -> None:
    op.add_column("line_minutes", sa.Column("state", sa.String(length=8), nullable=True))
    op.add_column("line_minutes", sa.Column("cause", sa.String(length=8), nullable=True))
    _evidence()
    _events()
    _episodes()
    _work()
    _days()
    # All that was measured before is judged once.
    op.execute(
        "INSERT INTO line_work (line_id, hour, since, until) "
        "SELECT line_id, minute - minute % 3600, MIN(minute), MAX(minute) FROM line_minutes "
        "GROUP BY line_id, minute - minute % 3600"
    )


def downgrade() -> None:
    for table in (
        "speed_tests", "line_days", "line_work", "line_episodes", "node_event_cursors", "node_events",
        "evidence_minutes",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_column("line_minutes", "cause")
    op.drop_column("line_minutes", "state")


def _evidence() -> None:
    hops: list[sa.Column[Any]] = []
    for hop in HOPS:
        hops += [sa.Column(f"{hop}_{name}", sa.Integer(), nullable=False) for name in ("mask", "sent", "received")]
        hops.append(sa.Column(f"{hop}_rtt_p50", sa.Double(), nullable=True))
    op.create_table(
        "evidence_minutes",
        sa.Column("node_id", sa.String(length=16), nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        *hops,
        sa.Column("on_battery", sa.Boolean(), nullable=True),
        sa.Column("wan_up", sa.Boolean(), nullable=True),
        sa.Column("open_windows", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_evidence_minutes_node_id_nodes")),
        sa.PrimaryKeyConstraint("node_id", "minute", name=op.f("pk_evidence_minutes")),
    )
    op.create_index("ix_evidence_minutes_minute", "evidence_minutes", ["minute"])
    op.create_index(
        "ix_evidence_minutes_open",
        "evidence_minutes",
        ["minute"],
        sqlite_where=sa.text("open_windows IS NOT NULL"),
        postgresql_where=sa.text("open_windows IS NOT NULL"),
    )


def _events() -> None:
    op.create_table(
        "node_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_node_events_node_id_nodes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node_events")),
        sa.UniqueConstraint("node_id", "epoch", "sequence", name=op.f("uq_node_events_node_id_epoch_sequence")),
    )
    op.create_index("ix_node_events_node_id_at", "node_events", ["node_id", "at"])
    op.create_index("ix_node_events_received_at", "node_events", ["received_at"])
    op.create_table(
        "node_event_cursors",
        sa.Column("node_id", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("applied_through", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_node_event_cursors_node_id_nodes")),
        sa.PrimaryKeyConstraint("node_id", "epoch", name=op.f("pk_node_event_cursors")),
    )


def _episodes() -> None:
    op.create_table(
        "line_episodes",
        sa.Column("line_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("began", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("cause", sa.String(length=8), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("revised_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_line_episodes_line_id_lines"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("line_id", "began", name=op.f("pk_line_episodes")),
    )
    op.create_index("ix_line_episodes_began", "line_episodes", ["began"])
    op.create_index("ix_line_episodes_ended", "line_episodes", ["ended"])


def _work() -> None:
    op.create_table(
        "line_work",
        sa.Column("line_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_line_work_line_id_lines"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("line_id", "hour", name=op.f("pk_line_work")),
    )
    op.create_table(
        "speed_tests",
        sa.Column("line_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ratio", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_speed_tests_line_id_lines"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("line_id", "direction", "at_ms", name=op.f("pk_speed_tests")),
    )


def _days() -> None:
    small = ("minutes", "lost_minutes")
    states = ("good", "weak", "bad", "down")
    op.create_table(
        "line_days",
        sa.Column("line_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in small),
        sa.Column("lost_by_cause", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in states),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("measured", "lost_up", "lost_down", "lost_unknown", "rtt_weight")
        ),
        sa.Column("rtt_sum", sa.Double(), nullable=False),
        sa.Column("rtt_max", sa.Double(), nullable=True),
        sa.Column("rtt_buckets", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("jitter_sum", sa.Double(), nullable=False),
        sa.Column("jitter_minutes", sa.Integer(), nullable=False),
        sa.Column("mos_sum", sa.Double(), nullable=False),
        sa.Column("mos_minutes", sa.Integer(), nullable=False),
        sa.Column("load", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_line_days_line_id_lines"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("line_id", "day", name=op.f("pk_line_days")),
    )
