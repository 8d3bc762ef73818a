"""Halls' PCs and API tokens over HTTP: what they open, where they end, what of them is written down."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import HTTPConnection

from collector import audit, directory
from hub.collaborators import ConferencingAccounts
from hub.http.sign_in import COOKIE, HALL_COOKIE
from tests.hub.hub_app import SECOND, HubApp
from tests.postgres import on_both_databases

pytestmark = on_both_databases

ACCESS = "/api/v1/halls/kx/access"
TOKENS = "/api/v1/account/tokens"


@pytest.fixture
async def admin(hub: HubApp) -> httpx.AsyncClient:
    with hub.sessions.begin() as session:
        directory.ensure_site(session, "kx", "UBND xã Kim Xá")
        directory.ensure_site(session, "dd", "UBND xã Đại Đồng")
    client = hub.client()
    await hub.administrator("admin", client)
    await hub.refresh()
    return client


@pytest.fixture
async def link(admin: httpx.AsyncClient) -> str:
    made = await admin.post(ACCESS, json={"label": "Hội trường tầng 2"})
    assert made.status_code == 201
    found: str = made.json()["link"]
    assert found.startswith("https://hub.test/vao#")
    return found


async def enter(hub: HubApp, link: str, client: httpx.AsyncClient | None = None) -> httpx.AsyncClient:
    client = client or hub.client()
    answer = await client.post("/api/v1/hall-session", json={"token": link.partition("#")[2]})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["kind"], answer.json()["display_name"]) == ("hall", "UBND xã Kim Xá")
    return client


async def test_a_hall_sees_its_own_site_and_nothing_else(hub: HubApp, link: str) -> None:
    hall = await enter(hub, link)
    assert [site["code"] for site in (await hall.get("/api/v1/board")).json()["sites"]] == ["kx"]
    assert (await hall.get("/api/v1/board/sites/dd/history")).status_code == 404
    assert (await hall.get("/api/v1/meetings")).status_code == 200
    assert (await hall.get("/api/v1/account")).json()["reason"] == "not a user"
    assert (await hall.get("/api/v1/directory/sites")).status_code == 403
    assert (await hall.post("/api/v1/meetings", json={"title": "x"})).status_code == 403


async def test_a_hall_joins_under_its_sites_name(hub: HubApp, link: str) -> None:
    hall = await enter(hub, link)
    cookie = f"{HALL_COOKIE}={hall.cookies[HALL_COOKIE]}".encode()
    connection = HTTPConnection({"type": "websocket", "headers": [(b"cookie", cookie)], "client": ("10.0.0.1", 1)})
    identity = await ConferencingAccounts(hub.access.sign_ins).identify(connection)
    assert identity is not None
    assert (identity.user_name, identity.display_name) == ("hall:kx", "UBND xã Kim Xá")


async def test_a_hall_is_never_locked_and_ends_when_revoked(
    hub: HubApp, admin: httpx.AsyncClient, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    hall = await enter(hub, link)
    hub.clock.now += 200
    (listed,) = (await admin.get(ACCESS)).json()
    assert (listed["label"], listed["created_by"], listed["last_address"]) == (
        "Hội trường tầng 2",
        "admin",
        "10.0.0.1",
    )
    assert (await admin.delete(f"{ACCESS}/{listed['id']}")).status_code == 204
    assert (await hall.get("/api/v1/board")).status_code == 401
    assert "x unknown or revoked hall cookie" in caplog.text
    refused = await hub.client().post("/api/v1/hall-session", json={"token": link.partition("#")[2]})
    assert (refused.status_code, refused.json()["reason"]) == (401, "link")


async def test_whoever_sets_a_hall_up_does_not_stay_signed_in_at_it(
    hub: HubApp, admin: httpx.AsyncClient, link: str
) -> None:
    session = admin.cookies[COOKIE]
    await enter(hub, link, admin)
    assert COOKIE not in admin.cookies
    assert (await admin.get("/api/v1/session")).json()["kind"] == "hall"
    assert (await hub.client({COOKIE: session}).get("/api/v1/session")).status_code == 401
    # A technician may sign in at it for a while; the hall is what is left afterwards.
    hub.add("tech", SECOND, "technician")
    await hub.sign_in(admin, "tech", SECOND)
    assert (await admin.get("/api/v1/session")).json()["name"] == "tech"
    await admin.delete("/api/v1/session")
    assert (await admin.get("/api/v1/session")).json()["kind"] == "hall"


async def test_a_link_is_for_the_site_of_whoever_is_in_charge(hub: HubApp, admin: httpx.AsyncClient) -> None:
    with hub.sessions.begin() as session:
        unit = directory.add_unit(session, "08650", "Xã Kim Xá", "xa")
        directory.ensure_site(session, "own", "UBND", unit=unit)
        hub_unit = unit.id
    hub.clock.now += 10
    hub.add("tech", SECOND, "technician", hub_unit)
    tech = hub.client()
    await hub.sign_in(tech, "tech", SECOND)
    assert (await tech.post("/api/v1/halls/own/access", json={})).status_code == 201
    assert (await tech.post(ACCESS, json={})).status_code == 403
    assert (await tech.get(ACCESS)).status_code == 403
    assert (await admin.post("/api/v1/halls/nowhere/access", json={})).status_code == 422


async def token(client: httpx.AsyncClient, *scopes: str, days: int = 1) -> str:
    made = await client.post(TOKENS, json={"name": "grafana", "scopes": scopes, "days": days})
    assert made.status_code == 201, made.text
    found: str = made.json()["token"]
    return found


async def test_a_token_reads_until_its_day_and_not_after_it(
    hub: HubApp, admin: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    program = hub.client(token=await token(admin, "read"), address="10.1.1.1")
    assert (await program.get("/api/v1/board")).status_code == 200
    (listed,) = (await admin.get(TOKENS)).json()
    assert (listed["scopes"], listed["last_address"]) == (["read"], "10.1.1.1")
    hub.clock.now += 86401
    assert (await program.get("/api/v1/board")).status_code == 401
    assert "x expired API token of admin used from 10.1.1.1" in caplog.text


async def test_a_stolen_token_is_revoked_and_its_use_is_logged(
    hub: HubApp, admin: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    thief = hub.client(token=await token(admin, "write"), address="203.0.113.9")
    # It opens nothing that would make it permanent.
    assert (await thief.post(TOKENS, json={"name": "x", "scopes": ["write"], "days": 400})).status_code == 403
    assert (await thief.post("/api/v1/users", json={"name": "x", "role": "administrator"})).status_code == 403
    (listed,) = (await admin.get(TOKENS)).json()
    assert (await admin.delete(f"{TOKENS}/{listed['id']}")).status_code == 204
    assert (await thief.get("/api/v1/board")).status_code == 401
    assert "x revoked API token of admin used from 203.0.113.9" in caplog.text
    assert (await admin.delete(f"{TOKENS}/{listed['id']}")).status_code == 404


async def test_no_token_is_kept_or_written_down(hub: HubApp, admin: httpx.AsyncClient, link: str) -> None:
    secret = await token(admin, "read")
    hall = link.partition("#")[2]
    with hub.sessions() as session:
        entries = str(list(audit.entries(session)))
    hub.sessions.kw["bind"].dispose()
    stored = b"".join(file.read_bytes() for file in hub.data.glob("hub.db*"))
    for one in (secret, hall, admin.cookies[COOKIE]):
        assert one not in entries
        assert one.encode() not in stored


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "x", "scopes": ["everything"], "days": 1},
        {"name": "x", "scopes": [], "days": 1},
        {"name": "x", "scopes": ["read"], "days": 0},
        {"name": "x", "scopes": ["read"], "days": 401},
        {"name": "  ", "scopes": ["read"], "days": 1},
    ],
)
async def test_a_token_without_name_scope_or_end_is_not_made(
    admin: httpx.AsyncClient, asked: dict[str, object]
) -> None:
    assert (await admin.post(TOKENS, json=asked)).status_code == 422


@pytest.mark.parametrize("forged", ["tsa_", "tsa_" + "x" * 43, "tsa_" + "x" * 5000, "tsa_\x7f"])
async def test_a_forged_token_is_nobody(hub: HubApp, forged: str) -> None:
    assert (await hub.client(token=forged).get("/api/v1/board")).status_code == 401


async def test_one_caller_does_not_use_up_the_hub(hub: HubApp, admin: httpx.AsyncClient) -> None:
    program = hub.client(token=await token(admin, "read"))
    statuses = [(await program.get("/api/v1/meetings")).status_code for _ in range(310)]
    assert statuses.count(429) >= 5
    assert (await admin.get("/api/v1/meetings")).status_code == 200
