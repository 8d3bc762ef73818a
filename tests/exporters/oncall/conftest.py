from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from collector import directory
from hub import database as hub_database
from tests.hub.conftest import database, migrated, migrated_postgres
from tests.postgres import PostgresServer, postgres

__all__ = ["database", "migrated", "migrated_postgres", "postgres"]


@pytest.fixture
def engine(tmp_path: Path, migrated: Path, request: pytest.FixtureRequest, database: str) -> Iterator[Engine]:
    """Migrated, with two communes of a district and a site in each."""
    if database == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        name = server.fresh_database(request.getfixturevalue("migrated_postgres"))
        found = hub_database.open_postgresql(server.url(name))
    else:
        shutil.copy(migrated / "hub.db", tmp_path / "hub.db")
        found = hub_database.open_engine(tmp_path / "hub.db")
        # These tests end the program in the middle of things, not the machine.
        event.listen(found, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    with hub_database.sessions(found).begin() as session:
        district = directory.add_unit(session, "252", "Vĩnh Tường", "huyen")
        for code, name in (("kx", "Kim Xá"), ("yb", "Yên Bình")):
            unit = directory.add_unit(session, f"0{code}", f"Xã {name}", "xa", parent=district)
            directory.ensure_site(session, code, f"UBND xã {name}", unit=unit, provider="VNPT")
        session.execute(text("UPDATE lines SET hotline = '18001166'"))
    yield found
    found.dispose()
