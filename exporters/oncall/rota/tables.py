"""Tables of the rota and of people's contacts. People are those of the directory, by code. Times are Unix seconds."""

from __future__ import annotations

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exporters.oncall.tables import ROW_NUMBER, Base


class RotationRow(Base):
    __tablename__ = "oncall_rotations"

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    unit: Mapped[str] = mapped_column(String(64))
    """Code; empty: the whole tree."""
    layer: Mapped[int]
    every: Mapped[str] = mapped_column(String(8))
    people: Mapped[list[str]] = mapped_column(JSON)
    starts: Mapped[str] = mapped_column(String(10))
    """ISO 8601."""
    handover: Mapped[int]


class SubstituteRow(Base):
    __tablename__ = "oncall_substitutes"

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    person: Mapped[str] = mapped_column(String(64))
    stands_in: Mapped[str] = mapped_column(String(64))
    begins: Mapped[float]
    ends: Mapped[float] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(200))
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[float]


class ReachRow(Base):
    """How a person wishes to be told."""

    __tablename__ = "oncall_reach"

    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    language: Mapped[str] = mapped_column(String(8))
    quiet: Mapped[list[list[int]]] = mapped_column(JSON)


class ContactRow(Base):
    __tablename__ = "oncall_contacts"
    __table_args__ = (Index("ix_oncall_contacts_person_position", "person", "position", unique=True),)

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    person: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    """The order of preference, from 0."""
    channel: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(500))
