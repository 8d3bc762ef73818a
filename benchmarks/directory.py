"""How long the hub's own time per page and per search is, with the whole country in the directory.

3,321 units and 3,500 sites with a line each, on SQLite, through the real application (guard, sign-in by a fixed
person, JSON, ETag), no network. Goal: each below 200 ms. Compared in the same run with a search that has no folded
column: plain LIKE finds only what is typed with every diacritic, so it reads every row and folds it in Python.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from fastapi import Depends, FastAPI
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection

from collector.accounts.rights import Grant, Rights, Role
from collector.collector import Collector, CollectorSettings
from collector.directory import editing
from collector.directory.draft import Draft
from collector.directory.entry import new_state
from collector.directory.folding import fold
from collector.directory.nouns import NOUNS
from collector.sink import Sink
from collector.tables import Site, Unit
from hub import database
from hub.http import problems
from hub.http.principal import USER, Principal, principal_of
from hub.http.rights import Guard, requires

PROVINCES = 34
UNITS = 3321
SITES = 3500
ROUNDS = 40
GOAL_MS = 200.0
NAMES = ("Vĩnh Tường", "Thổ Tang", "Lũng Hoà", "Đại Đồng", "Yên Bình", "Kim Xá", "Ngũ Kiên", "Phú Đa", "An Tường")
ROOT = "/api/v1/directory"


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = database.open_engine(Path(folder) / "hub.db")
        database.migrate(engine, "hub.db")
        sessions = database.sessions(engine)
        began = time.perf_counter()
        _fill(sessions)
        print(f"\ndirectory: {UNITS} units, {SITES} sites, written in {time.perf_counter() - began:.1f} s")
        print(f"{'server time':<58}{'median ms':>10}{'p95 ms':>9}{'most ms':>9}")
        asyncio.run(_measure(engine, sessions, Path(folder)))
        engine.dispose()


def _fill(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        draft = Draft(session)
        for number in range(PROVINCES):
            province = {"code": f"{number:02}", "valid_from": "2025-07-01", "name": f"Tỉnh {number}", "kind": "tinh"}
            draft.put("units", f"{number:02}@2025-07-01", {**new_state(NOUNS["units"]), **province})
        for number in range(UNITS - PROVINCES):
            name = f"{NAMES[number % len(NAMES)]} {number}"
            unit = {"code": f"{number:05}", "valid_from": "2025-07-01", "name": name, "kind": "xa"}
            parent = f"{number % PROVINCES:02}@2025-07-01"
            draft.put("units", f"{number:05}@2025-07-01", {**new_state(NOUNS["units"]), **unit, "parent": parent})
        for number in range(SITES):
            unit_number = number % (UNITS - PROVINCES)
            site = {
                "code": f"xa-{number:05}",
                "name": f"UBND xã {NAMES[unit_number % len(NAMES)]} {number}",
                "unit": f"{unit_number:05}@2025-07-01",
                "address": f"Thôn {number % 17}, xã {NAMES[number % len(NAMES)]}",
            }
            draft.put("sites", f"xa-{number:05}", {**new_state(NOUNS["sites"]), **site})
            editing.add_first_line(draft, f"xa-{number:05}", "VNPT")
        editing.commit(draft, actor="benchmark", now=time.time())


class _NoSink:
    async def write(self, payload: bytes, samples: int) -> None:
        raise NotImplementedError


def _application(sessions: sessionmaker[Session], folder: Path) -> tuple[Collector, FastAPI]:
    rights = Rights((Grant(Role.ADMINISTRATOR),))

    async def identify(_: HTTPConnection) -> Principal:
        # A key of its own for each request: what is measured is not the limit per person.
        return Principal(USER, "benchmark", "Benchmark", rights, f"benchmark {time.perf_counter_ns()}")

    sink: Sink = _NoSink()
    collector = Collector(sessions, sink, CollectorSettings(run_directory=folder / "run"))
    app = FastAPI(dependencies=[Depends(Guard(identify, time.time))])
    problems.install(app)
    app.include_router(collector.directory_router(requires, principal_of))
    return collector, app


async def _measure(engine: Engine, sessions: sessionmaker[Session], folder: Path) -> None:
    _, app = _application(sessions, folder)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", timeout=60) as client:

        async def get(path: str) -> None:
            answer = await client.get(ROOT + path)
            assert answer.status_code == 200, answer.text

        last = await _last_cursor(client, "/sites?limit=50")
        for path in (
            "/units",
            "/units?limit=200",
            "/sites",
            "/sites?limit=200",
            f"/sites?limit=50&cursor={last}",
            "/lines?limit=50",
            "/sites?search=lung hoa",
            "/units?search=xa dai dong 3",
            "/search?q=vinh tuong",
            "/search?q=xa-03000",
            "/search?q=khong co dau",
            "/sites/xa-01234",
            "/units/17@2025-07-01/sites",
        ):
            shown = path.replace(last, "…")
            await _report(f"GET {shown}", lambda path=path: get(path))  # type: ignore[misc]

        async def patch(field: str) -> None:
            answer = await client.patch(
                f"{ROOT}/sites/xa-01234", json={field: f"tủ {time.time()}"}, headers={"if-match": "*"}
            )
            assert answer.status_code == 200, answer.text

        await _report("PATCH /sites/xa-01234 place, with history and audit log", lambda: patch("place"))
        await _report("PATCH /sites/xa-01234 name: nodes and board see it", lambda: patch("name"))

        async def without_folded(query: str) -> None:
            await asyncio.to_thread(_search_without_folded, sessions, query)

        async def with_like(query: str) -> None:
            await asyncio.to_thread(_search_with_like, sessions, query)

        async def with_folded(query: str) -> None:
            await asyncio.to_thread(_search_folded, sessions, query)

        print("the search alone, both tables, 50 of each:")
        await _report("  folded column: 'lung hoa' finds Lũng Hoà", lambda: with_folded("lung hoa"))
        await _report("  no folded column: every row read and folded in Python", lambda: without_folded("lung hoa"))
        await _report("  plain LIKE: 'lung hoa' finds nothing", lambda: with_like("lung hoa"))


async def _last_cursor(client: httpx.AsyncClient, path: str) -> str:
    cursor: str | None = ""
    last = ""
    while cursor is not None:
        last = cursor
        cursor = (await client.get(f"{ROOT}{path}&cursor={cursor}")).json()["next"]
    return last


async def _report(name: str, ask: Callable[[], Awaitable[None]]) -> None:
    await ask()
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await ask()
        taken.append(1000 * (time.perf_counter() - began))
    p95 = statistics.quantiles(taken, n=20)[-1]
    mark = "" if p95 < GOAL_MS else f"  above the goal of {GOAL_MS:.0f} ms"
    print(f"{name:<58}{statistics.median(taken):>10.1f}{p95:>9.1f}{max(taken):>9.1f}{mark}")


def _search_folded(sessions: sessionmaker[Session], query: str) -> None:
    with sessions() as session:
        for table in (Unit, Site):
            where = [table.search.contains(word, autoescape=True) for word in fold(query).split()]
            found = session.execute(select(table.code, table.name).where(*where).limit(50)).all()
            assert len(found) == 50


def _search_with_like(sessions: sessionmaker[Session], query: str) -> None:
    with sessions() as session:
        for table in (Unit, Site):
            found = session.execute(select(table.code, table.name).where(table.name.contains(query)).limit(50)).all()
            assert found == []


def _search_without_folded(sessions: sessionmaker[Session], query: str) -> None:
    words = fold(query).split()
    with sessions() as session:
        for table in (Unit, Site):
            rows = session.execute(select(table.code, table.name).order_by(table.code))
            found = [row for row in rows if all(word in fold(f"{row.code} {row.name}") for word in words)][:50]
            assert len(found) == 50
