"""What all tables of the collector share: metadata with names for constraints, the declarative base."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Double, MetaData
from sqlalchemy.orm import DeclarativeBase

# Constraints are named, because SQLite can alter only what has a name (Alembic, "batch" migrations).
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING_CONVENTION)

SEARCH_LENGTH = 600
"""Characters of folded text: even four bytes each, an index entry of PostgreSQL (2,704 bytes) holds them."""


class Base(DeclarativeBase):
    metadata = metadata
    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double()}
