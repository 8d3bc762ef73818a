"""The hub's own application as `thongsuot hub` serves it, on a data folder of its own, with a clock to turn."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyotp
from fastapi import FastAPI
from sqlalchemy import URL
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection

from collector import accounts, audit
from exporters.oncall.bridge import Bridge
from hub import server
from hub.access import AccessControl
from hub.configuration import Configuration
from hub.http.sign_in import COOKIE
from hub.paths import paths

FIRST = "dung-mot-lan-thoi"
SECOND = "mật khẩu của riêng tôi"
NOW = 1_790_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class HubApp:
    app: FastAPI
    access: AccessControl
    sessions: sessionmaker[Session]
    clock: Clock
    data: Path
    refresh_directory: Callable[[], Awaitable[None]]
    bridge: Bridge
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(
        self, cookies: dict[str, str] | None = None, *, address: str = "10.0.0.1", token: str | None = None
    ) -> httpx.AsyncClient:
        """A browser of its own."""
        transport = httpx.ASGITransport(self.app, client=(address, 40000))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # As over TLS: the cookies are Secure.
        found = httpx.AsyncClient(
            transport=transport, base_url="https://hub.test", cookies=cookies, headers={"Host": "hub.test", **headers}
        )
        self._clients.append(found)
        return found

    def add(
        self, name: str, password: str, role: str, unit: int | None = None, *, must_change_password: bool = False
    ) -> None:
        with self.sessions.begin() as session:
            accounts.add(
                session,
                name,
                password,
                self.clock(),
                display_name=name.title(),
                role=role,
                unit=unit,
                must_change_password=must_change_password,
            )

    async def sign_in(self, client: httpx.AsyncClient, name: str, password: str) -> httpx.Response:
        return await client.post("/api/v1/session", json={"name": name, "password": password})

    async def administrator(
        self, name: str, client: httpx.AsyncClient | None = None, unit: int | None = None
    ) -> tuple[pyotp.TOTP, list[str]]:
        """A new one, signed in at `client`, with a second factor and its recovery codes."""
        client = client or self.client()
        self.add(name, SECOND, "administrator", unit)
        await self.sign_in(client, name, SECOND)
        offered = (await client.post("/api/v1/account/totp", json={})).json()
        totp = pyotp.TOTP(offered["secret"])
        done = await client.post("/api/v1/account/totp/confirm", json={"code": totp.at(int(self.clock()))})
        assert done.status_code == 200, done.text
        return totp, done.json()["recovery_codes"]

    def connection(self, client: httpx.AsyncClient) -> HTTPConnection:
        """As a WebSocket of that browser brings it."""
        cookie = f"{COOKIE}={client.cookies[COOKIE]}".encode()
        return HTTPConnection({"type": "websocket", "headers": [(b"cookie", cookie)], "client": ("10.0.0.1", 1)})

    async def refresh(self) -> None:
        """What the background work does: read the directory again."""
        await self.refresh_directory()

    def audited(self) -> list[str]:
        with self.sessions() as session:
            return [entry.action for entry in audit.entries(session)]


async def open_hub(folder: Path, database_url: URL | None = None) -> AsyncIterator[HubApp]:
    """Its background work does not run: what is tested here are the routes."""
    where = dataclasses.replace(paths(folder), database_url=database_url)
    where.create()
    clock = Clock()
    async with server.Hub(Configuration(), where, clock=clock).open() as hub:
        # The certificate is nothing to these tests, the Secure attribute is.
        hub.access.sign_ins.secure_cookie = True
        found = HubApp(hub.app(), hub.access, hub.sessions, clock, folder, hub.refresh, hub.bridge)
        yield found
        for client in found._clients:
            await client.aclose()
