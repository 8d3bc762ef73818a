"""Machines that run an agent, and the tokens by which they become nodes."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import SEARCH_LENGTH, Base


class Node(Base):
    """A machine that runs an agent."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    hostname: Mapped[str] = mapped_column(String(255))
    platform: Mapped[str] = mapped_column(String(255))
    version: Mapped[str] = mapped_column(String(64))
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[float]
    revoked_at: Mapped[float | None]
    clock_offset_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    """What is taken off each sample's time; 0 while the clock is within 2 s of the hub's."""
    last_seen_at: Mapped[float | None]
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), default="", server_default="", index=True)


class EnrolmentTokenRow(Base):
    """A one-time token, of which only the hash is kept."""

    __tablename__ = "enrolment_tokens"

    secret_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    created_at: Mapped[float]
    expires_at: Mapped[float]
    used_at: Mapped[float | None]
    used_by: Mapped[str | None] = mapped_column(ForeignKey("nodes.id"))
