"""Tokens for a site's machines over HTTP: the line they come with, who may make them, what is written down."""

from __future__ import annotations

import dataclasses

import httpx
import pytest
from starlette.requests import Request

from collector import directory
from hub import setup
from hub.configuration import Configuration, HubSection
from hub.http.site_sheet import DAY_SECONDS, HubAddress
from tests.hub.hub_app import SECOND, HubApp

TOKENS = "/api/v1/sites/kx/enrolment-tokens"
MACHINE = {"hostname": "kx-pc1", "platform": "Debian", "version": "1"}


@pytest.fixture
async def admin(hub: HubApp) -> httpx.AsyncClient:
    with hub.sessions.begin() as session:
        kx = directory.add_unit(session, "08650", "Xã Kim Xá", "xa")
        directory.add_unit(session, "08651", "Xã Yên Bình", "xa")
        directory.ensure_site(session, "kx", "UBND xã Kim Xá").unit_id = kx.id
    client = hub.client()
    await hub.administrator("admin", client)
    await hub.refresh()
    return client


async def test_a_machine_enrols_with_the_token_and_the_page_sees_it(hub: HubApp, admin: httpx.AsyncClient) -> None:
    made = (await admin.post(TOKENS, json={"days": 7})).json()
    assert made["token"] in made["line"]
    assert made["link"] == f"{made['hub']}/cai-dat#{made['token']}"
    assert made["qr"].startswith("data:image/svg+xml")
    assert made["record"]["expires_at"] == hub.clock.now + 7 * DAY_SECONDS
    (open_one,) = (await admin.get(TOKENS)).json()
    assert open_one == made["record"]

    answer = await hub.client().post("/api/v1/enrol", json={"token": made["token"], **MACHINE})
    assert answer.status_code == 201
    (used,) = (await admin.get(TOKENS)).json()
    assert (used["id"], used["node"], used["hostname"]) == (open_one["id"], answer.json()["node"], "kx-pc1")
    assert "node.token_issued" in hub.audited()


async def test_a_lost_sheet_is_worth_nothing_once_its_token_is_taken_back(
    hub: HubApp, admin: httpx.AsyncClient
) -> None:
    made = (await admin.post(TOKENS, json={})).json()
    path = f"{TOKENS}/{made['record']['id']}"
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(TOKENS)).json() == []
    refused = await hub.client().post("/api/v1/enrol", json={"token": made["token"], **MACHINE})
    assert (refused.status_code, refused.json()["reason"]) == (401, "expired")
    assert (await admin.delete(path)).status_code == 404
    assert hub.audited().count("node.token_revoked") == 1


async def test_only_whoever_looks_after_the_site_makes_tokens_for_it(hub: HubApp, admin: httpx.AsyncClient) -> None:
    with hub.sessions.begin() as session:
        own, other = directory.find_unit(session, "08650"), directory.find_unit(session, "08651")
        assert own is not None and other is not None
    hub.add("own", SECOND, "technician", own.id)
    hub.add("other", SECOND, "technician", other.id)
    answers = []
    for name in ("own", "other"):
        client = hub.client()
        await hub.sign_in(client, name, SECOND)
        answers.append((await client.post(TOKENS, json={})).status_code)
    assert answers == [201, 403]
    assert (await admin.post("/api/v1/sites/nowhere/enrolment-tokens", json={})).status_code == 404


async def test_whoever_scans_the_code_gets_the_line_without_a_token(hub: HubApp) -> None:
    said = (await hub.client().get("/api/v1/install-line")).json()
    assert said["line"].endswith("--token TOKEN")
    assert "uninstall.py" in said["uninstall"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("hub.example.vn", "https://hub.example.vn"),
        ("10.1.2.3:8443", "https://10.1.2.3:8443"),
        ("localhost:8080", "https://hub.example.vn:8080"),
        ("evil.example", "https://hub.example.vn:8080"),
    ],
)
def test_machines_get_an_address_that_they_can_reach(
    host: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "lan_addresses", lambda: ["10.1.2.3"])
    section = dataclasses.replace(HubSection(), listen="0.0.0.0", names=("hub.example.vn",))
    request = Request({"type": "http", "scheme": "https", "path": "/", "headers": [(b"host", host.encode())]})
    assert HubAddress(Configuration(hub=section)).url(request) == expected
