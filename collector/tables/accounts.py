"""Tables of accounts: grants, sessions, second factors, API tokens, halls' access, and the audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Connection, ForeignKey, Index, String, Table, event
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class GrantRow(Base):
    """A role of a user on a unit and all below it; without a unit, on the whole tree."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("role IN ('administrator', 'technician', 'secretary', 'leader')", name="role_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"), index=True)
    granted_at: Mapped[float]
    granted_by: Mapped[str] = mapped_column(String(64))


class UserSession(Base):
    """One signed-in browser. The cookie's token is kept as a hash."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    code_verified: Mapped[bool] = mapped_column(default=False)
    """A TOTP or recovery code was given in this session."""
    created_at: Mapped[float]
    last_seen_at: Mapped[float]
    last_active_at: Mapped[float]
    """When the person last did something; a page that asks by itself does not count."""
    expires_at: Mapped[float]
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[float | None]
    end_reason: Mapped[str | None] = mapped_column(String(32))


class TotpRow(Base):
    """The second factor of a user. Secrets are sealed with the hub's key ring."""

    __tablename__ = "totp_secrets"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    secret: Mapped[str | None] = mapped_column(String(512))
    confirmed_at: Mapped[float | None]
    pending_secret: Mapped[str | None] = mapped_column(String(512))
    """Shown as a QR code and not yet confirmed."""
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The last 30-second step that was accepted: none up to it is accepted again."""


class RecoveryCodeRow(Base):
    __tablename__ = "recovery_codes"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[float | None]


class ApiTokenRow(Base):
    """A token for programs: the user's rights, narrowed to a scope, until a date."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[float]
    expires_at: Mapped[float]
    last_used_at: Mapped[float | None]
    last_address: Mapped[str | None] = mapped_column(String(64))
    revoked_at: Mapped[float | None]


class SiteAccessRow(Base):
    """A link that signs the hall's PC of a site in, without an account."""

    __tablename__ = "site_access"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[float]
    created_by: Mapped[str] = mapped_column(String(64))
    last_used_at: Mapped[float | None]
    last_address: Mapped[str | None] = mapped_column(String(64))
    revoked_at: Mapped[float | None]


class AuditEntryRow(Base):
    """One link of the chain; never changed, never deleted. `hash` covers all others (collector.audit.chain)."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at", "at"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[float]
    actor: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64), index=True)
    object: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHeadRow(Base):
    """The last link. Writers update it first, so they come one after the other."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


@event.listens_for(AuditHeadRow.__table__, "after_create")
def _begin_chain(table: Table, connection: Connection, **_: Any) -> None:
    """There is always one row: the migration makes it too."""
    connection.execute(table.insert().values(id=1, seq=0, hash="0" * 64))


__all__ = [
    "ApiTokenRow",
    "AuditEntryRow",
    "AuditHeadRow",
    "GrantRow",
    "RecoveryCodeRow",
    "SiteAccessRow",
    "TotpRow",
    "UserSession",
]
