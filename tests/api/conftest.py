"""The hub's whole application behind a real server on loopback, and an administrator's token for it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from argon2 import PasswordHasher

from collector import accounts, presets
from collector.accounts import api_tokens, passwords
from collector.directory import importing
from hub.http import rights
from hub.http.sign_in import COOKIE
from tests.hub.hub_app import SECOND, HubApp, open_hub
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@dataclass(frozen=True, slots=True)
class Api:
    url: str
    token: str
    sign_in: Callable[[], str]
    """The cookie of a new browser with a new administrator: what tokens must not do is done with it."""
    document: dict[str, Any]


# Not longer than its module: what is patched here would reach the other tests of this process.
@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """With the real district in it."""
    folder = tmp_path_factory.mktemp("api") / "data"
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(server.fresh_database())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        # What is tested are the routes, not that somebody asks too much.
        patch.setattr(rights, "REQUESTS_PER_SECOND", 1e6)
        patch.setattr(rights, "REQUESTS_AT_ONCE", 1e6)
        ready: threading.Event = threading.Event()
        found: list[Api] = []
        stop: list[Any] = []
        thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, url, ready, found, stop)), name="api")
        thread.start()
        assert ready.wait(60), "the server did not start"
        yield found[0]
        stop[0]()
        thread.join(30)


async def _serve(folder: Path, url: Any, ready: threading.Event, found: list[Api], stop: list[Any]) -> None:
    async for hub in open_hub(folder, url):
        hub.add("lan", SECOND, "administrator")
        with hub.sessions.begin() as session:
            lan = accounts.find(session, "lan")
            assert lan is not None
            token, _ = api_tokens.issue(session, lan.id, "test", ["read", "write", "metrics"], 30, hub.clock())
            importing.carry_out(presets.plan(session, "huyen-2019"), actor="lan", now=hub.clock())
        await hub.refresh()
        sign_in = functools.partial(_sign_in, hub, asyncio.get_running_loop(), itertools.count())
        server = _Server(uvicorn.Config(hub.app, port=0, log_config=None, lifespan="off", access_log=False))
        loop = asyncio.get_running_loop()
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        found.append(Api(f"http://127.0.0.1:{port}", token, sign_in, hub.app.openapi()))
        stop.append(functools.partial(loop.call_soon_threadsafe, setattr, server, "should_exit", True))
        ready.set()
        await serving


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Signals are the main thread's.
        yield


def _sign_in(hub: HubApp, loop: asyncio.AbstractEventLoop, numbers: Iterator[int]) -> str:
    """From another thread."""

    async def signed_in() -> str:
        # From one address only so many sign in within a minute.
        hub.clock.now += 60
        browser = hub.client()
        await hub.administrator(f"hoa{next(numbers)}", browser)
        return f"{COOKIE}={browser.cookies[COOKIE]}"

    return asyncio.run_coroutine_threadsafe(signed_in(), loop).result(30)
