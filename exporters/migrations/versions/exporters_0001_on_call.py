"""Troubles, their alerts and history, deliveries, maintenance windows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "exporters_0001"
down_revision = None
branch_labels = ("exporters",)
depends_on = None


def _row_number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def upgrade() -> None:
    _troubles()
    _alerts_and_events()
    _deliveries()
    op.create_table(
        "oncall_maintenance",
        _row_number(),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("begins", sa.Double(), nullable=False),
        sa.Column("ends", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_maintenance"),
    )
    op.create_index("ix_oncall_maintenance_ends", "oncall_maintenance", ["ends"])


def downgrade() -> None:
    for table in (
        "oncall_maintenance", "oncall_deliveries", "oncall_events", "oncall_alerts", "oncall_troubles",
    ):  # fmt: skip
        op.drop_table(table)


def _troubles() -> None:
    op.create_table(
        "oncall_troubles",
        _row_number(),
        sa.Column("open_key", sa.String(64), nullable=True),
        sa.Column("group_key", sa.String(2000), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("resolved_at", sa.Double(), nullable=True),
        sa.Column("waits_until", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("notified_at", sa.Double(), nullable=True),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("layer_at", sa.Double(), nullable=True),
        sa.Column("told_severity", sa.String(16), nullable=False),
        sa.Column("told_alerts", sa.JSON(), nullable=False),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.Column("told_again", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", sa.String(100), nullable=False),
        sa.Column("acknowledged_name", sa.String(200), nullable=False),
        sa.Column("acknowledged_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_troubles"),
        sa.UniqueConstraint("open_key", name="uq_oncall_troubles_open_key"),
        sa.ForeignKeyConstraint(
            ["area_id"], ["oncall_troubles.id"], name="fk_oncall_troubles_area_id_oncall_troubles"
        ),
    )
    op.create_index("ix_oncall_troubles_state_opened_at", "oncall_troubles", ["state", "opened_at"])
    for column in ("site", "area_id", "resolved_at"):
        op.create_index(f"ix_oncall_troubles_{column}", "oncall_troubles", [column])


def _of_trouble(table: str, *, nullable: bool = False) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return (
        sa.Column("trouble_id", kind, nullable=nullable, autoincrement=False),
        sa.ForeignKeyConstraint(
            ["trouble_id"],
            ["oncall_troubles.id"],
            name=f"fk_{table}_trouble_id_oncall_troubles",
            ondelete="CASCADE",
        ),
    )


def _alerts_and_events() -> None:
    op.create_table(
        "oncall_alerts",
        *_of_trouble("oncall_alerts"),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("annotations", sa.JSON(), nullable=False),
        sa.Column("began", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("trouble_id", "fingerprint", name="pk_oncall_alerts"),
    )
    op.create_index("ix_oncall_alerts_name", "oncall_alerts", ["name"])
    op.create_table(
        "oncall_events",
        _row_number(),
        *_of_trouble("oncall_events"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_events"),
    )
    op.create_index("ix_oncall_events_trouble_id", "oncall_events", ["trouble_id"])


def _deliveries() -> None:
    op.create_table(
        "oncall_deliveries",
        _row_number(),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("notice", sa.String(250), nullable=False),
        *_of_trouble("oncall_deliveries", nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("sent_at", sa.Double(), nullable=True),
        sa.Column("receipt", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_deliveries"),
        sa.UniqueConstraint("key", name="uq_oncall_deliveries_key"),
    )
    for columns in (
        ("notice",), ("trouble_id",), ("state", "channel", "next_at"), ("channel", "receipt"), ("person", "sent_at"),
    ):  # fmt: skip
        op.create_index(f"ix_oncall_deliveries_{'_'.join(columns)}", "oncall_deliveries", list(columns))
