"""Users and grants over HTTP: what an administrator of a part of the tree may do, and may not."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from collector import directory
from tests.hub.hub_app import SECOND, HubApp
from tests.postgres import on_both_databases

pytestmark = on_both_databases

USERS = "/api/v1/users"


@dataclass
class Tree:
    """A province with two communes, a site in each, and one that belongs to no unit."""

    province: int
    kim_xa: int
    dai_dong: int


@pytest.fixture
def tree(hub: HubApp) -> Tree:
    with hub.sessions.begin() as session:
        province = directory.add_unit(session, "26", "Tỉnh Vĩnh Phúc", "tinh")
        kim_xa = directory.add_unit(session, "08650", "Xã Kim Xá", "xa", parent=province)
        dai_dong = directory.add_unit(session, "08653", "Xã Đại Đồng", "xa", parent=province)
        for code, unit in (("kx", kim_xa), ("dd", dai_dong), ("top", None)):
            directory.ensure_site(session, code, f"UBND {code}", unit=unit)
        return Tree(province.id, kim_xa.id, dai_dong.id)


@pytest.fixture
async def admin(hub: HubApp) -> httpx.AsyncClient:
    client = hub.client()
    await hub.administrator("admin", client)
    return client


@pytest.fixture
async def local(hub: HubApp, tree: Tree) -> httpx.AsyncClient:
    """Administers Kim Xá alone."""
    client = hub.client()
    await hub.administrator("local", client, tree.kim_xa)
    return client


async def sites(client: httpx.AsyncClient) -> set[str]:
    return {site["code"] for site in (await client.get("/api/v1/board")).json()["sites"]}


async def test_a_user_is_added_with_a_one_time_password(hub: HubApp, admin: httpx.AsyncClient, tree: Tree) -> None:
    new = {"name": "Lan.TT", "display_name": "Nguyễn Thị Lan", "role": "secretary", "unit": tree.kim_xa}
    made = await admin.post(USERS, json=new)
    assert made.status_code == 201
    assert made.json()["user"]["grants"][0]["unit_name"] == "Xã Kim Xá"
    answer = await hub.sign_in(hub.client(), "lan.tt", made.json()["password"])
    assert answer.json()["next"] == "new_password"
    again = await admin.post(USERS, json=new)
    assert (again.status_code, again.json()["detail"].split(" / ")[0]) == (422, "Tên 'lan.tt' đã có người dùng.")


async def test_the_board_shows_each_person_their_own_part_of_the_tree(
    hub: HubApp, admin: httpx.AsyncClient, local: httpx.AsyncClient, tree: Tree
) -> None:
    await hub.access.places.tree()
    hub.add("province", SECOND, "leader", tree.province)
    province = hub.client()
    await hub.sign_in(province, "province", SECOND)
    await hub.refresh()
    assert await sites(admin) >= {"kx", "dd", "top"}
    assert await sites(province) == {"kx", "dd"}
    assert await sites(local) == {"kx"}
    assert (await local.get("/api/v1/board/sites/kx/history")).status_code == 200
    assert (await local.get("/api/v1/board/sites/dd/history")).status_code == 404


async def test_a_local_administrator_stays_within_their_commune(
    hub: HubApp, admin: httpx.AsyncClient, local: httpx.AsyncClient, tree: Tree
) -> None:
    for unit, status in ((tree.kim_xa, 201), (tree.dai_dong, 403), (tree.province, 403), (None, 403)):
        made = await local.post(USERS, json={"name": f"u{unit}", "role": "leader", "unit": unit})
        assert made.status_code == status, unit
    own = f"{USERS}/u{tree.kim_xa}"
    assert (await local.post(f"{own}/grants", json={"role": "administrator", "unit": None})).status_code == 403
    assert (await local.post(f"{own}/grants", json={"role": "technician", "unit": tree.kim_xa})).status_code == 201
    # Once somebody above gives that user more, a new password would be a way up.
    await admin.post(f"{own}/grants", json={"role": "leader", "unit": tree.dai_dong})
    for method, path, body in (
        ("POST", f"{own}/one-time-password", None),
        ("DELETE", f"{own}/totp", None),
        ("PATCH", own, {"disabled": True}),
        ("POST", f"{own}/grants", {"role": "leader", "unit": tree.kim_xa}),
        ("POST", f"{USERS}/admin/one-time-password", None),
    ):
        assert (await local.request(method, path, json=body)).status_code == 403, path
    listed = {user["name"]: user["yours"] for user in (await local.get(USERS)).json()}
    assert listed == {"local": True, f"u{tree.kim_xa}": False}
    found = (await local.get(f"{USERS}/units", params={"search": "xa"})).json()
    assert [unit["name"] for unit in found] == ["Xã Kim Xá"]


async def test_units_are_found_without_diacritics(admin: httpx.AsyncClient, tree: Tree) -> None:
    found = (await admin.get(f"{USERS}/units", params={"search": "dai dong"})).json()
    assert [(unit["code"], unit["within"]) for unit in found] == [("08653", "Tỉnh Vĩnh Phúc")]


async def test_there_is_always_an_administrator_left(admin: httpx.AsyncClient) -> None:
    (own,) = (await admin.get(USERS)).json()
    refused = [
        await admin.delete(f"{USERS}/admin/grants/{own['grants'][0]['id']}"),
        await admin.patch(f"{USERS}/admin", json={"disabled": True}),
    ]
    assert [(answer.status_code, answer.json()["reason"]) for answer in refused] == [(409, "last administrator")] * 2
    assert (await admin.get(USERS)).status_code == 200


async def test_a_reset_ends_sessions_and_tokens(hub: HubApp, admin: httpx.AsyncClient) -> None:
    hub.add("lan", SECOND, "technician")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    asked = {"name": "x", "scopes": ["read"], "days": 1}
    token = (await client.post("/api/v1/account/tokens", json=asked)).json()["token"]
    program = hub.client(token=token)
    assert (await program.get("/api/v1/board")).status_code == 200
    made = (await admin.post(f"{USERS}/lan/one-time-password")).json()
    assert (await client.get("/api/v1/board")).status_code == 401
    assert (await program.get("/api/v1/board")).status_code == 401
    assert (await hub.sign_in(hub.client(), "lan", SECOND)).status_code == 401
    assert (await hub.sign_in(hub.client(), "lan", made["password"])).json()["next"] == "new_password"


async def test_a_grant_taken_back_counts_at_once(hub: HubApp, admin: httpx.AsyncClient) -> None:
    hub.add("lan", SECOND, "secretary")
    client = hub.client()
    await hub.sign_in(client, "lan", SECOND)
    assert (await client.post("/api/v1/meetings", json={"title": "Giao ban"})).status_code == 201
    (grant,) = next(user["grants"] for user in (await admin.get(USERS)).json() if user["name"] == "lan")
    assert (await admin.delete(f"{USERS}/lan/grants/{grant['id']}")).status_code == 200
    assert (await client.post("/api/v1/meetings", json={"title": "Giao ban"})).status_code == 403


async def test_every_change_is_in_the_audit_log_with_who_and_from_where(
    hub: HubApp, admin: httpx.AsyncClient
) -> None:
    await admin.post(USERS, json={"name": "lan", "role": "leader"})
    await admin.patch(f"{USERS}/lan", json={"display_name": "Lan"})
    await admin.post(f"{USERS}/lan/grants", json={"role": "secretary"})
    await admin.post("/api/v1/meetings", json={"title": "Giao ban"})
    page = (await admin.get("/api/v1/audit")).json()
    assert [(one["action"], one["object"], one["actor"], one["address"]) for one in page["entries"][:4]] == [
        ("meeting.created", "", "admin", "10.0.0.1"),
        ("user.granted", "lan", "admin", "10.0.0.1"),
        ("user.changed", "lan", "admin", "10.0.0.1"),
        ("user.added", "lan", "admin", "10.0.0.1"),
    ]
    assert (await admin.get("/api/v1/audit/proof")).json() == {"entries": page["entries"][0]["seq"], "problem": ""}
    assert (await admin.get("/api/v1/audit", params={"action": "user"})).json()["entries"][0][
        "action"
    ] == "user.granted"
    exported = await admin.get("/api/v1/audit/export.csv")
    assert exported.headers["content-disposition"] == 'attachment; filename="nhat-ky.csv"'
    assert "user.granted" in exported.text
    assert (await admin.get("/api/v1/audit/export.json")).json()[-1]["action"] == "audit.exported"
