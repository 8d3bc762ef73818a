"""Meetings, their seats and their log of events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "conferencing_0001"
down_revision = None
branch_labels = ("conferencing",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("code", sa.String(14), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("closed_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
        sa.UniqueConstraint("code", name="uq_meetings_code"),
    )
    op.create_table(
        "seats",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seats"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_seats_meeting_id_meetings"),
    )
    op.create_index("ix_seats_meeting_id_token_hash", "seats", ["meeting_id", "token_hash"], unique=True)
    op.create_table(
        "meeting_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("seat_id", sa.String(32), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meeting_events"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_meeting_events_meeting_id_meetings"),
    )
    op.create_index("ix_meeting_events_meeting_id", "meeting_events", ["meeting_id"])


def downgrade() -> None:
    op.drop_table("meeting_events")
    op.drop_table("seats")
    op.drop_table("meetings")
