"""Grants in place of one role per user; sessions, second factors, API tokens, halls' access, audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "collector_0003"
down_revision = "collector_0002"
branch_labels = None
depends_on = None

GENESIS = "0" * 64


NEW_ROLES = {"viewer": "leader"}

_users = sa.table("users", sa.column("id"), sa.column("role"), sa.column("created_at"))
_grants = sa.table("grants", *map(sa.column, ("user_id", "role", "unit_id", "granted_at", "granted_by")))


def upgrade() -> None:
    roles = op.get_bind().execute(sa.select(_users.c.id, _users.c.role, _users.c.created_at)).all()
    # Before anything refers to users: SQLite makes a new table and drops the old one, with all that hangs on it.
    with op.batch_alter_table("users") as users:
        users.drop_constraint(op.f("ck_users_role_known"), type_="check")
        users.drop_column("role")
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("granted_at", sa.Double(), nullable=False),
        sa.Column("granted_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "role IN ('administrator', 'technician', 'secretary', 'leader')", name=op.f("ck_grants_role_known")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_grants_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_grants_unit_id_units"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_user_id"), "grants", ["user_id"])
    op.create_index(op.f("ix_grants_unit_id"), "grants", ["unit_id"])
    if roles:
        op.bulk_insert(
            _grants,
            [
                {
                    "user_id": row.id,
                    "role": NEW_ROLES.get(row.role, row.role),
                    "unit_id": None,
                    "granted_at": row.created_at,
                    "granted_by": "migration",
                }
                for row in roles
            ],
        )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("code_verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=False),
        sa.Column("last_active_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=200), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_user_sessions_token_sha256")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"])
    op.create_table(
        "totp_secrets",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(length=512), nullable=True),
        sa.Column("confirmed_at", sa.Double(), nullable=True),
        sa.Column("pending_secret", sa.String(length=512), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_totp_secrets_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp_secrets")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"])
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("last_used_at", sa.Double(), nullable=True),
        sa.Column("last_address", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_tokens_token_sha256")),
    )
    op.create_index(op.f("ix_api_tokens_user_id"), "api_tokens", ["user_id"])
    op.create_table(
        "site_access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("last_used_at", sa.Double(), nullable=True),
        sa.Column("last_address", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["sites.id"], name=op.f("fk_site_access_site_id_sites"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_access")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_site_access_token_sha256")),
    )
    op.create_index(op.f("ix_site_access_site_id"), "site_access", ["site_id"])
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_index(op.f("ix_audit_log_action"), "audit_log", ["action"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": GENESIS}])


def downgrade() -> None:
    """The widest grant of each user becomes the role again; secretaries and leaders only looked in part 1."""
    on_the_whole = sa.select(_grants.c.user_id, _grants.c.role).where(_grants.c.unit_id.is_(None))
    held = {(row.user_id, row.role) for row in op.get_bind().execute(on_the_whole)}
    for table in (
        "audit_head",
        "audit_log",
        "site_access",
        "api_tokens",
        "recovery_codes",
        "totp_secrets",
        "user_sessions",
        "grants",
    ):
        op.drop_table(table)
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("role", sa.String(length=32), nullable=False, server_default="viewer"))
        users.create_check_constraint(
            op.f("ck_users_role_known"), "role IN ('administrator', 'technician', 'viewer')"
        )
    for role in ("technician", "administrator"):
        ids = [user for user, one in held if one == role]
        op.execute(sa.update(_users).where(_users.c.id.in_(ids)).values(role=role))
    with op.batch_alter_table("users") as users:
        users.alter_column("role", server_default=None, existing_type=sa.String(length=32), existing_nullable=False)
