"""Programs of others that write samples for a site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "collector_0005"
down_revision = "collector_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sample_writers",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.Column("last_write_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sample_writers_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_writers")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sample_writers_token_sha256")),
    )
    op.create_index(op.f("ix_sample_writers_site_id"), "sample_writers", ["site_id"])


def downgrade() -> None:
    op.drop_table("sample_writers")
