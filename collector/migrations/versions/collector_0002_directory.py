"""The directory in full: what sites, lines and units are, devices, people, telephones, and its changes."""

from __future__ import annotations

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "collector_0002"
down_revision = "collector_0001"
branch_labels = None
depends_on = None

# Columns with a reference are added in SQL: SQLite can add one only together with its constraint, and a copy of a
# table that others refer to ("batch") would be refused by their foreign keys. Both databases understand it.
REFERENCES = (("units", "successor_id", "units"), ("sites", "technician_id", "people"))
ADDED: dict[str, tuple[sa.Column[Any], ...]] = {
    "units": (
        sa.Column("search", sa.String(length=600), nullable=False, server_default=""),
    ),
    "sites": (
        sa.Column("place", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("address", sa.String(length=300), nullable=False, server_default=""),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("hours", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("search", sa.String(length=600), nullable=False, server_default=""),
    ),
    "lines": (
        sa.Column("network", sa.String(length=16), nullable=False, server_default="internet"),
        sa.Column("contract_download_mbits", sa.Double(), nullable=True),
        sa.Column("contract_upload_mbits", sa.Double(), nullable=True),
        sa.Column("contract_number", sa.String(length=100), nullable=False, server_default=""),
        sa.Column("hotline", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("search", sa.String(length=600), nullable=False, server_default=""),
    ),
    "nodes": (sa.Column("search", sa.String(length=600), nullable=False, server_default=""),),
}  # fmt: skip
INDEXES = (
    ("units", "parent_id"),
    ("units", "successor_id"),
    ("sites", "unit_id"),
    *((table, "search") for table in ADDED),
)
SEARCHED = {
    "units": ("code", "name"),
    "sites": ("code", "name"),
    "lines": ("code", "name", "provider"),
    "nodes": ("id", "hostname"),
}


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("search", sa.String(length=600), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_people_site_id_sites")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_people_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("code", name=op.f("uq_people_code")),
    )
    for column in ("site_id", "unit_id", "search"):
        op.create_index(op.f(f"ix_people_{column}"), "people", [column])
    for table, columns in ADDED.items():
        for added in columns:
            op.add_column(table, added)
    for table, name, referred in REFERENCES:
        constraint = f"fk_{table}_{name}_{referred}"
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {name} INTEGER CONSTRAINT {constraint} REFERENCES {referred} (id)"
        )
    for table, name in INDEXES:
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
    op.create_table(
        "site_pasts",
        sa.Column("site_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_pasts_site_id_sites")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_site_pasts_unit_id_units")),
        sa.PrimaryKeyConstraint("site_id", "until", name=op.f("pk_site_pasts")),
    )
    op.create_index(op.f("ix_site_pasts_unit_id"), "site_pasts", ["unit_id"])
    _create_devices_and_telephones()
    op.create_table(
        "directory_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("noun", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["undoes"], ["directory_changes.id"], name=op.f("fk_directory_changes_undoes_directory_changes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_changes")),
    )
    op.create_index("ix_directory_changes_noun_key", "directory_changes", ["noun", "key"])
    op.create_index(op.f("ix_directory_changes_batch"), "directory_changes", ["batch"])
    _fill_search()


def _create_devices_and_telephones() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("mac", sa.String(length=17), nullable=False),
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("firmware", sa.String(length=100), nullable=False),
        sa.Column("end_of_support", sa.Date(), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("search", sa.String(length=600), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_devices_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("code", name=op.f("uq_devices_code")),
    )
    for column in ("site_id", "search"):
        op.create_index(op.f(f"ix_devices_{column}"), "devices", [column])
    op.create_table(
        "telephones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("search", sa.String(length=600), nullable=False),
        sa.CheckConstraint(
            "visibility IN ('everyone', 'staff', 'administrators')", name=op.f("ck_telephones_visibility_known")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_telephones_person_id_people")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_telephones_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telephones")),
        sa.UniqueConstraint("code", name=op.f("uq_telephones_code")),
    )
    for column in ("person_id", "site_id", "search"):
        op.create_index(op.f(f"ix_telephones_{column}"), "telephones", [column])


def _fill_search() -> None:
    connection = op.get_bind()
    for name, columns in SEARCHED.items():
        table = sa.table(name, *(sa.column(column) for column in dict.fromkeys(("id", *columns, "search"))))
        for row in connection.execute(sa.select(table.c.id, *(table.c[column] for column in columns))).all():
            text = _fold(" ".join(row[1:]))[:600]
            connection.execute(sa.update(table).where(table.c.id == row[0]).values(search=text))


def _fold(text: str) -> str:
    """As collector.directory.folding was when this was written: a migration does not change afterwards."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    return " ".join(plain.replace("đ", "d").split())


def downgrade() -> None:
    """What part 1 had no place for is gone; units, sites, lines and nodes stay."""
    op.drop_table("directory_changes")
    op.drop_table("telephones")
    op.drop_table("devices")
    op.drop_table("site_pasts")
    for table, name in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{name}"), table_name=table)
    # A successor is a reference within the table itself, and the technicians must go before the people.
    for table, name, _ in REFERENCES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    for table, columns in ADDED.items():
        for added in columns:
            op.drop_column(table, added.name)
    op.drop_table("people")
