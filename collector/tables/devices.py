"""Equipment of the offices: routers, switches, cameras, batteries."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import SEARCH_LENGTH, Base


class Device(Base):
    """A thing with an address or a serial number; it need not run anything of ours."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(255))
    """IP address or host name."""
    mac: Mapped[str] = mapped_column(String(17))
    """Lower case, with colons."""
    serial: Mapped[str] = mapped_column(String(100))
    firmware: Mapped[str] = mapped_column(String(100))
    end_of_support: Mapped[date | None]
    owner: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(200))
    valid_to: Mapped[date | None]
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), index=True)
