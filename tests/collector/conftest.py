from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from collector import directory
from collector.collector import Collector, CollectorSettings
from collector.tables import metadata
from tests.collector.support import FakeClock, Hub, KeepingSink, Node
from tests.postgres import DATABASES, PostgresServer, postgres

__all__ = ["postgres"]


def open_engine(path: Path) -> Engine:
    """As the hub opens it, except that nothing waits for the disk."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _(connection: object, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    return engine


@pytest.fixture(scope="session")
def postgres_tables(postgres: PostgresServer) -> str:
    """The name of a database with the collector's tables, to be copied."""
    name = postgres.fresh_database()
    engine = create_engine(postgres.url(name))
    metadata.create_all(engine)
    engine.dispose()
    return name


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Of an empty directory, on either database."""
    if request.param == "sqlite":
        engine = open_engine(tmp_path / "hub.db")
        metadata.create_all(engine)
        yield engine
        engine.dispose()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.engine(request.getfixturevalue("postgres_tables")) as engine:
            yield engine


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions.begin() as session:
        yield session


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def hub(tmp_path: Path, sessions: sessionmaker[Session], clock: FakeClock) -> AsyncIterator[Hub]:
    """A collector that runs, with one site `vt` of two lines and a second site `tt`."""
    with sessions.begin() as session:
        site = directory.ensure_site(session, "vt", "UBND thị trấn Vĩnh Tường")
        directory.add_line(session, site, "vt-2", "Đường dự phòng")
        directory.ensure_site(session, "tt", "UBND xã Thổ Tang")
    sink = KeepingSink()
    collector = Collector(sessions, sink, CollectorSettings(run_directory=tmp_path / "run"), clock)
    app = FastAPI()
    app.include_router(collector.router)
    running = asyncio.create_task(collector.run())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield Hub(collector, client, clock, sink)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def token(sessions: sessionmaker[Session], hub: Hub) -> str:
    with sessions.begin() as session:
        return str(directory.issue_token(session, "vt", hub.clock.now))


@pytest.fixture
async def node(hub: Hub, token: str) -> Node:
    return await hub.enrol(token)
