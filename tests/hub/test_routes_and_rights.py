"""Every route with every role and with none: what is refused, and by which word.

The table stands here apart from the code. What is let through may still fail on what it was asked (404, 409, 422).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from collector import directory
from collector.accounts import api_tokens
from collector.accounts.rights import Action, Role, Scope
from hub.http.rights import Declaration, UndeclaredRouteError, declarations, public, requires
from hub.http.sign_in import HALL_COOKIE
from tests.hub.hub_app import SECOND, HubApp

PUBLIC, NODE, STEP, USER = "public", "node key", "signing in", "signed in"

# (method, path) → who may call it. An action is let through for the roles that ROLES names.
TABLE = {
    ("POST", "/api/v1/enrol"): PUBLIC,
    ("GET", "/api/v1/node/config"): NODE,
    ("POST", "/api/v1/write"): NODE,
    ("POST", "/api/v1/node/events"): NODE,
    ("GET", "/api/v1/node/throughput"): NODE,
    ("POST", "/api/v1/node/throughput"): NODE,
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/ca.pem"): PUBLIC,
    ("GET", "/openapi.json"): PUBLIC,
    ("HEAD", "/openapi.json"): PUBLIC,
    ("GET", "/metrics"): PUBLIC,
    ("GET", "/api/v1/sd/nodes"): Action.DISCOVER_TARGETS,
    ("GET", "/api/v1/sd/devices"): Action.DISCOVER_TARGETS,
    ("GET", "/api/v1/sd/blackbox"): Action.DISCOVER_TARGETS,
    ("POST", "/api/v1/alerts"): PUBLIC,
    ("GET", "/huong-dan"): PUBLIC,
    ("GET", "/huong-dan/{name}"): PUBLIC,
    ("GET", "/api/v1/alerts"): Action.SEE_BOARD,
    ("GET", "/api/v1/oncall"): Action.SEE_BOARD,
    ("GET", "/api/v1/oncall/figures"): Action.SEE_BOARD,
    ("GET", "/api/v1/troubles"): Action.SEE_BOARD,
    ("GET", "/api/v1/troubles/{number}"): Action.SEE_BOARD,
    ("POST", "/api/v1/troubles/{number}/acknowledge"): Action.ANSWER_ALERTS,
    ("POST", "/api/v1/troubles/{number}/hand-back"): Action.ANSWER_ALERTS,
    ("POST", "/api/v1/troubles/{number}/notes"): Action.ANSWER_ALERTS,
    ("POST", "/api/v1/oncall/receipts/zns"): PUBLIC,
    ("GET", "/api/v1/oncall/receipts/sms/{key}"): PUBLIC,
    ("POST", "/api/v1/oncall/receipts/sms/{key}"): PUBLIC,
    ("GET", "/api/v1/oncall/rota"): Action.READ_DIRECTORY,
    ("GET", "/api/v1/oncall/rota.ics"): Action.READ_DIRECTORY,
    ("POST", "/api/v1/oncall/rota/import"): Action.ANSWER_ALERTS,
    ("PUT", "/api/v1/oncall/rotations"): Action.ANSWER_ALERTS,
    ("POST", "/api/v1/oncall/substitutes"): Action.ANSWER_ALERTS,
    ("DELETE", "/api/v1/oncall/substitutes/{number}"): Action.ANSWER_ALERTS,
    ("GET", "/api/v1/oncall/people"): Action.READ_CONTACTS,
    ("PUT", "/api/v1/oncall/people/{code}"): Action.ANSWER_ALERTS,
    ("POST", "/api/v1/oncall/people/{code}/contacts/{position}/test"): Action.ANSWER_ALERTS,
    ("GET", "/api/v1/maintenance"): Action.SEE_BOARD,
    ("POST", "/api/v1/maintenance"): Action.ANSWER_ALERTS,
    ("DELETE", "/api/v1/maintenance/{number}"): Action.ANSWER_ALERTS,
    ("GET", "/t/{token}"): PUBLIC,
    ("POST", "/t/{token}"): PUBLIC,
    ("GET", "/install.py"): PUBLIC,
    ("GET", "/install/agent.service"): PUBLIC,
    ("GET", "/packages/index.json"): PUBLIC,
    ("GET", "/packages/{name}"): PUBLIC,
    ("GET", "/"): PUBLIC,
    ("GET", "/diem/{code}"): PUBLIC,
    ("GET", "/danh-muc"): PUBLIC,
    ("GET", "/danh-muc/don-vi/{key}"): PUBLIC,
    ("GET", "/danh-muc/diem/{code}"): PUBLIC,
    ("GET", "/cai-dat"): PUBLIC,
    ("GET", "/dang-nhap"): PUBLIC,
    ("GET", "/tai-khoan"): PUBLIC,
    ("GET", "/nguoi-dung"): PUBLIC,
    ("GET", "/nhat-ky"): PUBLIC,
    ("GET", "/bao-cao"): PUBLIC,
    ("GET", "/truc"): PUBLIC,
    ("GET", "/vao"): PUBLIC,
    ("GET", "/man-hinh"): PUBLIC,
    ("MOUNT", "/static"): PUBLIC,
    ("GET", "/hop/{code}"): PUBLIC,
    ("GET", "/xem"): PUBLIC,
    ("POST", "/whip"): PUBLIC,
    ("OPTIONS", "/whip"): PUBLIC,
    ("PATCH", "/whip/{session}"): PUBLIC,
    ("DELETE", "/whip/{session}"): PUBLIC,
    ("POST", "/whep"): PUBLIC,
    ("OPTIONS", "/whep"): PUBLIC,
    ("PATCH", "/whep/{session}"): PUBLIC,
    ("DELETE", "/whep/{session}"): PUBLIC,
    ("POST", "/api/v1/meetings/{code}/recording"): Action.HOLD_MEETINGS,
    ("DELETE", "/api/v1/meetings/{code}/recording"): Action.HOLD_MEETINGS,
    ("GET", "/api/v1/meetings/{code}/recordings"): Action.HOLD_MEETINGS,
    ("POST", "/api/v1/meetings/{code}/recordings/{name}/composition"): Action.HOLD_MEETINGS,
    ("GET", "/api/v1/meetings/{code}/recordings/{name}/video"): Action.HOLD_MEETINGS,
    ("GET", "/api/v1/meetings/{code}/streams"): Action.HOLD_MEETINGS,
    ("POST", "/api/v1/meetings/{code}/streams"): Action.HOLD_MEETINGS,
    ("DELETE", "/api/v1/meetings/{code}/streams/{stream}"): Action.HOLD_MEETINGS,
    ("GET", "/hop/{code}/ban-ghi"): PUBLIC,
    ("GET", "/hop/{code}/do-luong"): PUBLIC,
    ("GET", "/hop/static/{path:path}"): PUBLIC,
    ("GET", "/api/v1/session"): PUBLIC,
    ("POST", "/api/v1/session"): PUBLIC,
    ("DELETE", "/api/v1/session"): PUBLIC,
    ("POST", "/api/v1/hall-session"): PUBLIC,
    ("GET", "/api/v1/meetings/{code}"): PUBLIC,
    ("WEBSOCKET", "/api/v1/meetings/{code}/signaling"): PUBLIC,
    ("POST", "/api/v1/session/code"): STEP,
    ("POST", "/api/v1/session/unlock"): STEP,
    ("POST", "/api/v1/session/password"): STEP,
    ("POST", "/api/v1/account/totp"): STEP,
    ("POST", "/api/v1/account/totp/confirm"): STEP,
    ("GET", "/api/v1/account"): USER,
    ("POST", "/api/v1/account/totp/remove"): USER,
    ("POST", "/api/v1/account/recovery-codes"): USER,
    ("DELETE", "/api/v1/account/sessions/{session_id}"): USER,
    ("GET", "/api/v1/account/tokens"): USER,
    ("POST", "/api/v1/account/tokens"): USER,
    ("DELETE", "/api/v1/account/tokens/{token_id}"): USER,
    ("GET", "/api/v1/board"): Action.SEE_BOARD,
    ("GET", "/api/v1/board/sites/{code}/history"): Action.SEE_BOARD,
    ("GET", "/api/v1/board/sites/{code}/events"): Action.SEE_BOARD,
    ("GET", "/api/v1/board/sites/{code}/outages"): Action.SEE_BOARD,
    ("GET", "/api/v1/board/sites/{code}/days"): Action.SEE_BOARD,
    ("GET", "/api/v1/reports/{month}"): Action.SEE_BOARD,
    ("GET", "/api/v1/reports/{month}/{table}.csv"): Action.SEE_BOARD,
    ("GET", "/api/v1/reports/{month}/report.xlsx"): Action.SEE_BOARD,
    ("GET", "/bao-cao/{month}"): Action.SEE_BOARD,
    ("GET", "/api/v1/meetings"): Action.LIST_MEETINGS,
    ("POST", "/api/v1/meetings"): Action.HOLD_MEETINGS,
    ("POST", "/api/v1/meetings/{code}/close"): Action.HOLD_MEETINGS,
    ("GET", "/api/v1/meetings/{code}/statistics"): Action.READ_METRICS,
    ("GET", "/api/v1/install-line"): PUBLIC,
    ("GET", "/api/v1/sites/{site}/enrolment-tokens"): Action.ENROL_NODES,
    ("POST", "/api/v1/sites/{site}/enrolment-tokens"): Action.ENROL_NODES,
    ("DELETE", "/api/v1/sites/{site}/enrolment-tokens/{token_id}"): Action.ENROL_NODES,
    ("GET", "/api/v1/sites/{site}/writers"): Action.ENROL_NODES,
    ("POST", "/api/v1/sites/{site}/writers"): Action.ENROL_NODES,
    ("DELETE", "/api/v1/sites/{site}/writers/{writer}"): Action.ENROL_NODES,
    ("GET", "/api/v1/halls/{site}/access"): Action.OPEN_SITE_ACCESS,
    ("POST", "/api/v1/halls/{site}/access"): Action.OPEN_SITE_ACCESS,
    ("DELETE", "/api/v1/halls/{site}/access/{access_id}"): Action.OPEN_SITE_ACCESS,
    ("GET", "/api/v1/users"): Action.MANAGE_USERS,
    ("POST", "/api/v1/users"): Action.MANAGE_USERS,
    ("GET", "/api/v1/users/units"): Action.MANAGE_USERS,
    ("PATCH", "/api/v1/users/{name}"): Action.MANAGE_USERS,
    ("POST", "/api/v1/users/{name}/one-time-password"): Action.MANAGE_USERS,
    ("DELETE", "/api/v1/users/{name}/totp"): Action.MANAGE_USERS,
    ("POST", "/api/v1/users/{name}/grants"): Action.MANAGE_USERS,
    ("DELETE", "/api/v1/users/{name}/grants/{grant_id}"): Action.MANAGE_USERS,
    ("GET", "/api/v1/audit"): Action.READ_AUDIT,
    ("GET", "/api/v1/audit/proof"): Action.READ_AUDIT,
    ("GET", "/api/v1/audit/export.json"): Action.READ_AUDIT,
    ("GET", "/api/v1/audit/export.csv"): Action.READ_AUDIT,
}

DIRECTORY = "/api/v1/directory"
NOUNS = ("units", "sites", "people", "lines", "devices", "telephones")
TABLE |= {
    (method, f"{DIRECTORY}/{noun}{rest}"): Action.READ_DIRECTORY if method == "GET" else Action.WRITE_DIRECTORY
    for noun in NOUNS
    for method, rest in (
        ("GET", ""), ("POST", ""), ("GET", "/{key}"), ("PATCH", "/{key}"), ("DELETE", "/{key}"),
        ("GET", "/{key}/history"), ("POST", "/{key}/close"),
    )
    if (noun, rest) != ("telephones", "/{key}/close")
}  # fmt: skip
TABLE |= {
    ("GET", f"{DIRECTORY}/search"): Action.READ_DIRECTORY,
    ("GET", f"{DIRECTORY}/units/{{key}}/sites"): Action.READ_DIRECTORY,
    ("GET", f"{DIRECTORY}/units/{{key}}/rights"): Action.READ_DIRECTORY,
    ("GET", f"{DIRECTORY}/sites/{{key}}/rights"): Action.READ_DIRECTORY,
    ("POST", f"{DIRECTORY}/sites/{{key}}/move"): Action.WRITE_DIRECTORY,
    ("GET", f"{DIRECTORY}/nodes"): Action.READ_DIRECTORY,
    ("POST", f"{DIRECTORY}/nodes/{{key}}/revoke"): Action.ENROL_NODES,
    ("GET", f"{DIRECTORY}/changes"): Action.WRITE_DIRECTORY,
    ("POST", f"{DIRECTORY}/changes/{{number}}/undo"): Action.WRITE_DIRECTORY,
    ("POST", f"{DIRECTORY}/batches/{{batch}}/undo"): Action.WRITE_DIRECTORY,
    ("POST", f"{DIRECTORY}/import"): Action.WRITE_DIRECTORY,
    ("GET", f"{DIRECTORY}/export"): Action.READ_DIRECTORY,
    ("GET", f"{DIRECTORY}/presets"): Action.READ_DIRECTORY,
    ("POST", f"{DIRECTORY}/presets/{{name}}"): Action.WRITE_DIRECTORY,
    ("POST", f"{DIRECTORY}/mergers"): Action.WRITE_DIRECTORY,
}
WHOLE_TREE = {
    ("PUT", "/api/v1/oncall/rotations"),
    ("POST", "/api/v1/oncall/rota/import"),
    ("POST", "/api/v1/oncall/substitutes"),
    ("DELETE", "/api/v1/oncall/substitutes/{number}"),
    ("GET", "/api/v1/oncall/people"),
    ("PUT", "/api/v1/oncall/people/{code}"),
    ("POST", "/api/v1/oncall/people/{code}/contacts/{position}/test"),
    ("GET", "/api/v1/audit"),
    ("GET", "/api/v1/audit/proof"),
    ("GET", "/api/v1/audit/export.json"),
    ("GET", "/api/v1/audit/export.csv"),
    ("GET", f"{DIRECTORY}/changes"),
    ("POST", f"{DIRECTORY}/batches/{{batch}}/undo"),
    ("POST", f"{DIRECTORY}/import"),
    ("GET", f"{DIRECTORY}/export"),
    ("POST", f"{DIRECTORY}/presets/{{name}}"),
    ("POST", f"{DIRECTORY}/mergers"),
}
"""A right on a part of the tree is not enough for these."""

ROLES = {
    Action.SEE_BOARD: {"administrator", "technician", "secretary", "leader", "hall", "read", "write", "wall"},
    Action.LIST_MEETINGS: {"administrator", "technician", "secretary", "leader", "hall", "read", "write", "wall"},
    Action.READ_DIRECTORY: {"administrator", "technician", "secretary", "leader", "read", "write"},
    Action.READ_CONTACTS: {"administrator", "technician", "secretary", "read", "write"},
    Action.READ_METRICS: {"administrator", "technician", "metrics"},
    Action.DISCOVER_TARGETS: {"administrator", "technician", "read", "write", "metrics"},
    Action.HOLD_MEETINGS: {"administrator", "technician", "secretary", "write"},
    Action.WRITE_DIRECTORY: {"administrator", "technician", "write"},
    Action.ENROL_NODES: {"administrator", "technician", "write"},
    Action.OPEN_SITE_ACCESS: {"administrator", "technician"},
    Action.ANSWER_ALERTS: {"administrator", "technician", "write"},
    Action.MANAGE_USERS: {"administrator"},
    Action.READ_AUDIT: {"administrator"},
}
"""`read`, `write`, `metrics` and `wall` are API tokens of an administrator; `hall` is a hall's PC."""

CALLERS = ("nobody", *Role, "hall", *Scope)


@dataclass
class Callers:
    hub: HubApp
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)


@pytest.fixture
async def callers(hub: HubApp) -> AsyncIterator[Callers]:
    found = Callers(hub, {"nobody": hub.client()})
    with hub.sessions.begin() as session:
        directory.ensure_site(session, "kx", "UBND xã Kim Xá")
    administrator = hub.client()
    await hub.administrator("admin", administrator)
    found.clients["administrator"] = administrator
    for role in ("technician", "secretary", "leader"):
        hub.add(role, SECOND, role)
        found.clients[role] = hub.client()
        await hub.sign_in(found.clients[role], role, SECOND)
    made = (await administrator.post("/api/v1/halls/kx/access", json={"label": "x"})).json()
    found.clients["hall"] = hub.client({HALL_COOKIE: made["link"].partition("#")[2]})
    for scope in Scope:
        asked = {"name": scope, "scopes": [scope], "days": 1}
        token = (await administrator.post("/api/v1/account/tokens", json=asked)).json()["token"]
        assert token.startswith(api_tokens.PREFIX)
        found.clients[scope] = hub.client(token=token)
    yield found


def declared(hub: HubApp) -> list[Declaration]:
    return declarations(hub.app.routes)


async def test_the_table_names_every_route_and_what_it_demands(hub: HubApp) -> None:
    found = declared(hub)
    assert {(one.method, one.path): one.access.action or one.access.kind for one in found} == TABLE
    assert {(one.method, one.path) for one in found if one.access.everywhere} == WHOLE_TREE


async def test_each_route_with_each_role_and_with_none(callers: Callers) -> None:
    wrong = []
    for one in declared(callers.hub):
        if one.method in ("WEBSOCKET", "MOUNT", "HEAD") or one.access.kind in (PUBLIC, NODE):
            continue
        for caller in CALLERS:
            said = await refusal(callers, one, caller)
            expected = expectation(one, caller)
            if said != expected:
                wrong.append((one.method, one.path, caller, said, expected))
    assert wrong == []


def expectation(one: Declaration, caller: str) -> str:
    """The word of the refusal, empty when it is let through."""
    if caller == "nobody":
        return "nobody"
    if one.access.kind in (STEP, USER):
        return "" if caller in tuple(Role) else "not a user"
    assert one.access.action is not None
    return "" if caller in ROLES[one.access.action] else "rights"


async def refusal(callers: Callers, one: Declaration, caller: str) -> str:
    path = re.sub(r"{code}", "aaaa-bbbb-cccc", one.path)
    path = re.sub(r"{site}", "kx", path)
    path = re.sub(r"{(name|key|noun)[^}]*}", "nobody-of-that-name", path)
    path = re.sub(r"{[^}]*}", "999999", path)
    client = callers.clients[caller]
    answer = await client.request(one.method, path, json=None if one.method == "GET" else {})
    return str(answer.json().get("reason", "")) if answer.status_code in (401, 403) else ""


async def test_who_administers_a_part_of_the_tree_gets_no_route_of_the_whole(hub: HubApp) -> None:
    with hub.sessions.begin() as session:
        unit = directory.add_unit(session, "08650", "Xã Kim Xá", "xa").id
    client = hub.client()
    await hub.administrator("part", client, unit)
    for one in declared(hub):
        if one.access.action is not None:
            path = re.sub(r"{[^}]*}", "999999", one.path)
            answer = await client.request(one.method, path, json=None if one.method == "GET" else {})
            refused = answer.status_code == 403 and answer.json().get("reason") == "rights"
            if one.access.everywhere:
                assert refused, one


async def test_node_routes_ask_for_the_nodes_key(hub: HubApp) -> None:
    for method, path in (("GET", "/api/v1/node/config"), ("POST", "/api/v1/write")):
        answer = await hub.client().request(method, path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_metrics_are_for_those_who_keep_them(callers: Callers) -> None:
    allowed = {caller for caller in CALLERS if (await callers.clients[caller].get("/metrics")).status_code == 200}
    assert allowed == {"administrator", "technician", "metrics"}


async def test_a_route_without_a_declaration_fails_the_start() -> None:
    async def endpoint() -> None: ...

    app = FastAPI(openapi_url=None)
    nested, outer = APIRouter(), APIRouter()
    nested.add_api_route("/deep", endpoint)
    outer.include_router(nested)
    app.include_router(outer)
    app.add_api_websocket_route("/socket", endpoint)
    with pytest.raises(UndeclaredRouteError) as error:
        declarations(app.routes)
    assert "GET /deep, WEBSOCKET /socket" in str(error.value)


async def test_what_the_guard_does_not_see_can_only_be_public() -> None:
    app = FastAPI(openapi_url=None)
    app.add_route("/plain", requires(Action.READ_AUDIT)(lambda _: Response()))
    with pytest.raises(UndeclaredRouteError, match="can only be public"):
        declarations(app.routes)


async def test_the_hub_does_not_start_with_an_undeclared_route(hub: HubApp) -> None:
    hub.app.add_api_route("/forgotten", lambda: None)
    assert (await hub.client().get("/forgotten")).json()["reason"] == "undeclared"
    with pytest.raises(UndeclaredRouteError):
        declarations(hub.app.routes)


async def test_whoever_has_a_step_to_do_gets_no_further(hub: HubApp) -> None:
    hub.add("new", SECOND, "administrator")
    client = hub.client()
    await hub.sign_in(client, "new", SECOND)
    for one in declared(hub):
        if one.access.kind in ("action", USER) and one.method == "GET" and "{" not in one.path:
            answer = await client.get(one.path)
            assert (one.path, answer.status_code, answer.json()["reason"]) == (one.path, 403, "set_up_totp")


def test_a_mark_is_not_lost_on_methods() -> None:
    class Routes:
        @public("for this test")
        async def one(self) -> None: ...

    app = FastAPI(openapi_url=None)
    app.add_api_route("/one", Routes().one)
    assert [found.access.kind for found in declarations(app.routes)] == ["public"]
