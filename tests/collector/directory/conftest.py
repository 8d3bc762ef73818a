"""The directory on both databases, empty or with the real district."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from collector import presets
from collector.directory import importing
from collector.tables import metadata
from tests.collector.conftest import open_engine
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """In place of the collector's own: the same tests on both databases."""
    if request.param == "sqlite":
        engine = open_engine(tmp_path / "hub.db")
        metadata.create_all(engine)
        yield engine
        engine.dispose()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.engine() as engine:
            metadata.create_all(engine)
            yield engine


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions.begin() as session:
        yield session


@pytest.fixture
def district(session: Session) -> Session:
    """Vĩnh Tường with its 29 units and sites, as of 2019."""
    load(session, "huyen-2019")
    return session


def load(session: Session, preset: str, now: float = 1.0) -> str:
    """The batch."""
    plan = presets.plan(session, preset)
    assert plan.bad == []
    return importing.carry_out(plan, actor="lan", now=now)[0].batch
