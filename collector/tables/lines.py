"""Lines: the accesses of sites."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.tables.base import SEARCH_LENGTH, Base


class Line(Base):
    """One Internet or WAN access of a site, measured by one node."""

    __tablename__ = "lines"
    __table_args__ = (CheckConstraint("stamp_ssid BETWEEN 0 AND 65535", name="stamp_ssid_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    provider: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(String(200))
    network: Mapped[str] = mapped_column(String(16), default="internet", server_default="internet")
    """internet, or government (TSLCD: private addresses, no Internet)."""
    contract_download_mbits: Mapped[float | None]
    """Mbit/s."""
    contract_upload_mbits: Mapped[float | None]
    """Mbit/s."""
    contract_number: Mapped[str] = mapped_column(String(100), default="", server_default="")
    hotline: Mapped[str] = mapped_column(String(40), default="", server_default="")
    stamp_ssid: Mapped[int] = mapped_column(unique=True)
    stamp_key: Mapped[str] = mapped_column(String(128))
    """Hexadecimal. The session's key is made of it and of the hub's secret: collector.stamp_keys."""
    measured_by: Mapped[str | None] = mapped_column(ForeignKey("nodes.id"), index=True)
    valid_to: Mapped[date | None]
    search: Mapped[str] = mapped_column(String(SEARCH_LENGTH), default="", server_default="", index=True)
