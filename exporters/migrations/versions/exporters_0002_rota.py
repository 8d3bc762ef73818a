"""Rotations, substitutes, people's contacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "exporters_0002"
down_revision = "exporters_0001"
branch_labels = None
depends_on = None


def _row_number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "oncall_rotations",
        _row_number(),
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=False),
        sa.Column("every", sa.String(8), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("starts", sa.String(10), nullable=False),
        sa.Column("handover", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_rotations"),
    )
    op.create_table(
        "oncall_substitutes",
        _row_number(),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("stands_in", sa.String(64), nullable=False),
        sa.Column("begins", sa.Double(), nullable=False),
        sa.Column("ends", sa.Double(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_substitutes"),
    )
    op.create_index("ix_oncall_substitutes_ends", "oncall_substitutes", ["ends"])
    op.create_table(
        "oncall_reach",
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("quiet", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_oncall_reach"),
    )
    op.create_table(
        "oncall_contacts",
        _row_number(),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_contacts"),
    )
    op.create_index("ix_oncall_contacts_person_position", "oncall_contacts", ["person", "position"], unique=True)


def downgrade() -> None:
    for table in ("oncall_contacts", "oncall_reach", "oncall_substitutes", "oncall_rotations"):
        op.drop_table(table)
