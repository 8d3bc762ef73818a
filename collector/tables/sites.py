"""Sites, and the units that they belonged to before."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import SEARCH_LENGTH, Base


class Site(Base):
    """A place where people work; metrics follow it."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    """The unit since the last of its pasts, or always."""
    place: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Where in the building the equipment stands."""
    address: Mapped[str] = mapped_column(String(300), default="", server_default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    hours: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The name of a profile of office hours; empty: the usual one."""
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", use_alter=True))
    valid_to: Mapped[date | None]
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), default="", server_default="", index=True)


class SitePast(Base):
    """The unit that a site belonged to until a day; from the end of the past before it, or from always."""

    __tablename__ = "site_pasts"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True, autoincrement=False)
    until: Mapped[date] = mapped_column(primary_key=True)
    """The first day on which it belonged to the next one."""
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
