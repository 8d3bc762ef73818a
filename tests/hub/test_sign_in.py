"""Signing in over HTTP: cookies that hold, cookies that do not, the one-time password, limits, other origins."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from collector import accounts
from hub import database
from hub.http import problems
from hub.http.security import SecurityHeaders
from hub.http.sign_in import COOKIE, FAILURES_PER_MINUTE, SignedIn, SignIn

FIRST = "dung-mot-lan-thoi"
SECOND = "mật khẩu của riêng tôi"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def client(tmp_path: Path, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    engine = database.open_engine(tmp_path / "hub.db")
    database.migrate(engine, "hub.db")
    sessions = database.sessions(engine)
    with sessions.begin() as session:
        accounts.add(session, "lan", FIRST, 0.0, display_name="Lan", must_change_password=True)
    sign_in = SignIn(sessions, "secret", secure_cookie=False, clock=clock)
    app = FastAPI()
    problems.install(app)
    app.add_middleware(SecurityHeaders, tls=False)
    app.include_router(sign_in.router())

    @app.get("/inside")
    async def inside(person: Annotated[SignedIn, Depends(sign_in.require)]) -> str:
        return person.name

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as found:
        yield found
    engine.dispose()


async def sign_in(client: httpx.AsyncClient, password: str, name: str = "lan") -> httpx.Response:
    return await client.post("/api/v1/session", json={"name": name, "password": password})


async def test_the_one_time_password_opens_only_the_way_to_a_new_one(client: httpx.AsyncClient) -> None:
    assert (await client.get("/inside")).status_code == 401
    answer = await sign_in(client, FIRST)
    assert answer.json() == {"name": "lan", "display_name": "Lan", "role": "viewer", "must_change_password": True}
    refused = await client.get("/inside")
    assert (refused.status_code, refused.headers["content-type"]) == (403, problems.MEDIA_TYPE)
    changed = await client.post("/api/v1/session/password", json={"old": FIRST, "new": SECOND})
    assert changed.status_code == 200
    assert (await client.get("/inside")).json() == "lan"
    assert (await sign_in(client, FIRST)).status_code == 401


async def test_a_changed_password_ends_the_other_sessions(client: httpx.AsyncClient) -> None:
    await sign_in(client, FIRST)
    stolen = client.cookies[COOKIE]
    await client.post("/api/v1/session/password", json={"old": FIRST, "new": SECOND})
    client.cookies.set(COOKIE, stolen)
    assert (await client.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("new", ["short", FIRST])
async def test_a_password_against_the_rules_is_refused_with_words(client: httpx.AsyncClient, new: str) -> None:
    await sign_in(client, FIRST)
    answer = await client.post("/api/v1/session/password", json={"old": FIRST, "new": new})
    assert answer.status_code == 422
    assert "mật khẩu" in answer.json()["detail"].lower()


@pytest.mark.parametrize("forged", ["", "x", "eyJ1IjoibGFuIn0.AAAA.BBBB", "a" * 5000])
async def test_a_forged_cookie_is_nobody(client: httpx.AsyncClient, forged: str) -> None:
    client.cookies.set(COOKIE, forged)
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_failures_are_limited_for_a_minute(client: httpx.AsyncClient, clock: Clock) -> None:
    for _ in range(FAILURES_PER_MINUTE):
        assert (await sign_in(client, "wrong password")).status_code == 401
    limited = await sign_in(client, FIRST)
    assert limited.status_code == 429
    assert 1 <= int(limited.headers["retry-after"]) <= 61
    clock.now += 61
    assert (await sign_in(client, FIRST)).status_code == 200


async def test_an_unknown_name_and_a_wrong_password_answer_alike(client: httpx.AsyncClient) -> None:
    unknown = await sign_in(client, "wrong password", name="nobody")
    wrong = await sign_in(client, "wrong password")
    assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_write_from_another_site_is_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    body = {"name": "lan", "password": FIRST}
    assert (await client.post("/api/v1/session", json=body, headers=headers)).status_code == 403
    own = {"Origin": "http://hub.test", "Sec-Fetch-Site": "same-origin"}
    assert (await client.post("/api/v1/session", json=body, headers=own)).status_code == 200


async def test_every_answer_carries_the_policy_and_a_request_id(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert len(answer.headers["x-request-id"]) == 16
