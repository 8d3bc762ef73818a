"""People to call, and telephone numbers with who may see them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import SEARCH_LENGTH, Base


class Person(Base):
    """Somebody who works at a site or for a unit. No account: see User."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    valid_to: Mapped[date | None]
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), index=True)


class Telephone(Base):
    """A number of a person or of a site."""

    __tablename__ = "telephones"
    __table_args__ = (
        CheckConstraint("visibility IN ('everyone', 'staff', 'administrators')", name="visibility_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(32))
    visibility: Mapped[str] = mapped_column(String(32))
    """Who needs to know it: everyone who is signed in, those who call sites, or administrators only."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"), index=True)
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), index=True)
