"""Programs of others that write samples for a site: Prometheus, vmagent, Alloy, Telegraf."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class SampleWriter(Base):
    """Bound to one site by its token, of which only the hash is kept."""

    __tablename__ = "sample_writers"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[float]
    revoked_at: Mapped[float | None]
    last_write_at: Mapped[float | None]
