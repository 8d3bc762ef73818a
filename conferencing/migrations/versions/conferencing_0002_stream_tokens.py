"""Tokens of encoders (WHIP) and screens (WHEP)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "conferencing_0002"
down_revision = "conferencing_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stream_tokens",
        sa.Column("seat", sa.String(32), nullable=False),
        sa.Column("meeting_id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("revoked_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("seat", name="pk_stream_tokens"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name="fk_stream_tokens_meeting_id_meetings"),
        sa.UniqueConstraint("token_hash", name="uq_stream_tokens_token_hash"),
    )
    op.create_index("ix_stream_tokens_meeting_id", "stream_tokens", ["meeting_id"])


def downgrade() -> None:
    op.drop_table("stream_tokens")
