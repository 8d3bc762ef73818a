"""The directory on both databases, empty or with the real district. Each test has a copy of what was made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from collector import presets
from collector.directory import importing
from collector.tables import metadata
from tests.collector.conftest import open_engine
from tests.postgres import DATABASES, PostgresServer, postgres

__all__ = ["postgres"]


def load(session: Session, preset: str, now: float = 1.0) -> str:
    """The batch."""
    plan = presets.plan(session, preset)
    assert plan.bad == []
    return importing.carry_out(plan, actor="lan", now=now)[0].batch


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "district.db"
    engine = create_engine(f"sqlite:///{file}")
    metadata.create_all(engine)
    with Session(engine) as session:
        load(session, "huyen-2019")
        session.commit()
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    name = postgres.fresh_database()
    engine = create_engine(postgres.url(name))
    metadata.create_all(engine)
    with Session(engine) as session:
        load(session, "huyen-2019")
        session.commit()
    engine.dispose()
    return name


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """In place of the collector's own: with the district, on either database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "hub.db")
        engine = open_engine(tmp_path / "hub.db")
        yield engine
        engine.dispose()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.engine(request.getfixturevalue("postgres_template")) as engine:
            yield engine


@pytest.fixture
def district(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Vĩnh Tường with its 29 units and sites, as of 2019."""
    with sessions.begin() as session:
        yield session


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Nothing in it: the district's rows are taken out again."""
    with sessions.begin() as session:
        for table in reversed(metadata.sorted_tables):
            session.execute(table.delete())
        yield session
