"""The directory over HTTP with the hub's own guard, as the tests of its API ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection

from collector.accounts.rights import Grant, Rights, Role
from collector.collector import Collector, CollectorSettings
from collector.tables import Unit
from hub.http import problems
from hub.http.principal import USER, Principal, principal_of
from hub.http.rights import Guard, requires
from tests.collector.support import FakeClock, KeepingSink

ROOT = "/api/v1/directory"
JULY = "2025-07-01"
# What does not depend on the database.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@dataclass
class Api:
    collector: Collector
    app: FastAPI
    http: httpx.AsyncClient
    sessions: sessionmaker[Session]
    people: dict[str, Rights]

    async def get(self, path: str, who: str = "quan-tri", **headers: str) -> httpx.Response:
        return await self.http.get(ROOT + path, headers={"x-who": who, **headers})

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        who: str = "quan-tri",
        match: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        given = {"x-who": who, **({"if-match": match} if match else {}), **headers}
        content = body if isinstance(body, bytes) else None
        return await self.http.request(
            method, ROOT + path, json=None if content is not None else body, content=content, headers=given
        )

    async def etag(self, path: str) -> str:
        return (await self.get(path)).headers["etag"]


@pytest.fixture
async def api(tmp_path: Path, sessions: sessionmaker[Session]) -> AsyncIterator[Api]:
    """The district of 2019. Four people: two with the whole tree, two with one commune."""
    clock = FakeClock()
    with sessions.begin() as session:
        kim_xa = session.scalars(select(Unit.id).where(Unit.code == "09079")).one()
    people = {
        "quan-tri": Rights((Grant(Role.ADMINISTRATOR),)),
        "lanh-dao": Rights((Grant(Role.LEADER),)),
        "ky-thuat": Rights((Grant(Role.TECHNICIAN),)),
        "ky-thuat-xa": Rights((Grant(Role.TECHNICIAN, kim_xa),)),
        "lanh-dao-xa": Rights((Grant(Role.LEADER, kim_xa),)),
    }

    async def identify(connection: HTTPConnection) -> Principal | None:
        name = connection.headers.get("x-who", "")
        return Principal(USER, name, name, people[name], name) if name in people else None

    collector = Collector(sessions, KeepingSink(), CollectorSettings(run_directory=tmp_path / "run"), clock)
    app = FastAPI(dependencies=[Depends(Guard(identify, clock))], docs_url=None, redoc_url=None)
    problems.install(app)
    app.include_router(collector.directory_router(requires, principal_of))
    running = asyncio.create_task(collector.run())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield Api(collector, app, client, sessions, people)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def assert_problem(answer: httpx.Response, status: int, vi: str = "", en: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert " / " in document["title"]
    assert vi in answer.text
    assert en in answer.text
    return document
