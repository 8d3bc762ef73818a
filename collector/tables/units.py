"""Administrative units."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import SEARCH_LENGTH, Base


class Unit(Base):
    """An administrative unit. Codes are reused over the years, so the key is (code, valid_from)."""

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    """What it became part of when it ended."""
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The first day on which it is no more."""
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), default="", server_default="", index=True)
    """Folded text to find it by (collector.directory.folding)."""
