"""Directory, accounts and minutes of the collector, as part 1 needs them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "collector_0001"
down_revision = None
branch_labels = ("collector",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["units.id"], name=op.f("fk_units_parent_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_units_code_valid_from")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("disabled_at", sa.Double(), nullable=True),
        sa.CheckConstraint("role IN ('administrator', 'technician', 'viewer')", name=op.f("ck_users_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_sites_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("code", name=op.f("uq_sites_code")),
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("hostname", sa.String(length=255), nullable=False),
        sa.Column("platform", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("enrolled_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_nodes_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_nodes_key_sha256")),
    )
    op.create_index(op.f("ix_nodes_site_id"), "nodes", ["site_id"], unique=False)
    op.create_table(
        "enrolment_tokens",
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.Column("used_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_enrolment_tokens_site_id_sites")),
        sa.ForeignKeyConstraint(["used_by"], ["nodes.id"], name=op.f("fk_enrolment_tokens_used_by_nodes")),
        sa.PrimaryKeyConstraint("secret_sha256", name=op.f("pk_enrolment_tokens")),
    )
    op.create_index(op.f("ix_enrolment_tokens_site_id"), "enrolment_tokens", ["site_id"], unique=False)
    op.create_table(
        "lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("stamp_ssid", sa.Integer(), nullable=False),
        sa.Column("stamp_key", sa.String(length=128), nullable=False),
        sa.Column("measured_by", sa.String(length=16), nullable=True),
        sa.CheckConstraint("stamp_ssid BETWEEN 0 AND 65535", name=op.f("ck_lines_stamp_ssid_range")),
        sa.ForeignKeyConstraint(["measured_by"], ["nodes.id"], name=op.f("fk_lines_measured_by_nodes")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_lines_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lines")),
        sa.UniqueConstraint("code", name=op.f("uq_lines_code")),
        sa.UniqueConstraint("stamp_ssid", name=op.f("uq_lines_stamp_ssid")),
    )
    op.create_index(op.f("ix_lines_measured_by"), "lines", ["measured_by"], unique=False)
    op.create_index(op.f("ix_lines_site_id"), "lines", ["site_id"], unique=False)
    op.create_table(
        "node_minutes",
        sa.Column("node_id", sa.String(length=16), nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cpu_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("cpu_busy_seconds", sa.Double(), nullable=True),
        sa.Column("cpu_total_seconds", sa.Double(), nullable=True),
        sa.Column("memory_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("memory_used_ratio", sa.Double(), nullable=True),
        sa.Column("filesystem_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("filesystem_root_used_ratio", sa.Double(), nullable=True),
        sa.Column("filesystem_worst_used_ratio", sa.Double(), nullable=True),
        sa.Column("network_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("receive_bytes", sa.Double(), nullable=True),
        sa.Column("transmit_bytes", sa.Double(), nullable=True),
        sa.Column("boot_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("boot_time_seconds", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["node_id"], ["nodes.id"], name=op.f("fk_node_minutes_node_id_nodes")),
        sa.PrimaryKeyConstraint("node_id", "minute", name=op.f("pk_node_minutes")),
    )
    op.create_table(
        "line_minutes",
        sa.Column("line_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("windows_mask", sa.Integer(), nullable=False),
        sa.Column("direction_mask", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("lost_up", sa.Integer(), nullable=False),
        sa.Column("lost_down", sa.Integer(), nullable=False),
        sa.Column("lost_unknown", sa.Integer(), nullable=False),
        sa.Column("unmeasured", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("reordered", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("late_sends", sa.Integer(), nullable=False),
        sa.Column("loss_bursts", sa.Integer(), nullable=False),
        sa.Column("rtt_min", sa.Double(), nullable=True),
        sa.Column("rtt_p50", sa.Double(), nullable=True),
        sa.Column("rtt_p95", sa.Double(), nullable=True),
        sa.Column("rtt_max", sa.Double(), nullable=True),
        sa.Column("rtt_buckets", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("jitter", sa.Double(), nullable=True),
        sa.Column("ipdv_p95", sa.Double(), nullable=True),
        sa.Column("burst_r", sa.Double(), nullable=True),
        sa.Column("r", sa.Double(), nullable=True),
        sa.Column("mos", sa.Double(), nullable=True),
        sa.Column("open_windows", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name=op.f("fk_line_minutes_line_id_lines")),
        sa.PrimaryKeyConstraint("line_id", "minute", name=op.f("pk_line_minutes")),
    )
    op.create_index(
        "ix_line_minutes_open",
        "line_minutes",
        ["minute"],
        unique=False,
        sqlite_where=sa.text("open_windows IS NOT NULL"),
        postgresql_where=sa.text("open_windows IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_line_minutes_open",
        table_name="line_minutes",
        sqlite_where=sa.text("open_windows IS NOT NULL"),
        postgresql_where=sa.text("open_windows IS NOT NULL"),
    )
    op.drop_table("line_minutes")
    op.drop_table("node_minutes")
    op.drop_index(op.f("ix_lines_site_id"), table_name="lines")
    op.drop_index(op.f("ix_lines_measured_by"), table_name="lines")
    op.drop_table("lines")
    op.drop_index(op.f("ix_enrolment_tokens_site_id"), table_name="enrolment_tokens")
    op.drop_table("enrolment_tokens")
    op.drop_index(op.f("ix_nodes_site_id"), table_name="nodes")
    op.drop_table("nodes")
    op.drop_table("sites")
    op.drop_table("users")
    op.drop_table("units")
