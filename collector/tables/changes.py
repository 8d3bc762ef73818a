"""What was changed in the directory, by whom, and how it was before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import Base


class DirectoryChange(Base):
    """One change of one object. No `before`: it was added; no `after`: it was removed."""

    __tablename__ = "directory_changes"
    __table_args__ = (Index("ix_directory_changes_noun_key", "noun", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    actor: Mapped[str] = mapped_column(String(64))
    noun: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(80))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    batch: Mapped[str] = mapped_column(String(32), index=True)
    """What was done in one go (an import, a merger) has one batch."""
    undoes: Mapped[int | None] = mapped_column(ForeignKey("directory_changes.id"))
