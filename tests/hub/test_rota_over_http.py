"""The rota and contacts at the board's API, up to the bridge that asks who is on duty."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from collector.tables import Person as PersonRow
from tests.hub.hub_app import SECOND, HubApp

ROTA = "/api/v1/oncall/rota"
PEOPLE = ("an", "binh", "chi")
# Monday 21/9/2026, 00:00 in Vietnam; the clock stands at Monday evening.
MONDAY = 1_789_923_600.0
WEEK = 7 * 86400.0


@pytest.fixture
async def technician(hub: HubApp) -> httpx.AsyncClient:
    with hub.sessions.begin() as session:
        rows = [
            {"code": code, "name": f"Nguyễn {code.title()}", "title": "", "search": code, "site_id": None,
             "unit_id": None, "valid_to": None}
            for code in PEOPLE
        ]  # fmt: skip
        session.execute(insert(PersonRow), rows)
    hub.add("tech", SECOND, "technician")
    client = hub.client()
    await hub.sign_in(client, "tech", SECOND)
    return client


def weeks(**changes: Any) -> dict[str, Any]:
    return {"layer": 1, "every": "week", "people": ["an", "binh"], "starts": "2026-09-21", **changes}


def reach(*contacts: str) -> dict[str, Any]:
    return {"language": "vi", "quiet": [[1320, 390]], "contacts": [{"channel": "sms", "to": one} for one in contacts]}


async def test_a_rota_is_set_and_says_who_is_on_duty(hub: HubApp, technician: httpx.AsyncClient) -> None:
    leader = weeks(layer=9, people=["chi"])
    said = (await technician.put("/api/v1/oncall/rotations", json=[weeks(), leader])).json()
    assert said["now_on_duty"] == [["an"], ["chi"], ["binh"]]
    assert said["names"]["an"] == "Nguyễn An"
    first = [one for one in said["calendar"] if one["layer"] == 1]
    assert [(one["person"], one["begins"], one["ends"]) for one in first] == [
        ("an", MONDAY, MONDAY + WEEK),
        ("binh", MONDAY + WEEK, MONDAY + 2 * WEEK),
    ]
    assert (await technician.get(ROTA)).json() == said
    assert "rota.changed" in hub.audited()


async def test_two_people_swap_and_a_substitute_is_withdrawn(hub: HubApp, technician: httpx.AsyncClient) -> None:
    await technician.put("/api/v1/oncall/rotations", json=[weeks()])
    swap = [
        {"person": "an", "stands_in": "binh", "begins": MONDAY, "ends": MONDAY + WEEK},
        {"person": "binh", "stands_in": "an", "begins": MONDAY + WEEK, "ends": MONDAY + 2 * WEEK, "reason": "nghỉ"},
    ]
    made = await technician.post("/api/v1/oncall/substitutes", json=swap)
    assert made.status_code == 201
    assert [(one["person"], one["instead_of"]) for one in made.json()["calendar"]] == [("binh", "an"), ("an", "binh")]
    number = made.json()["substitutes"][0]["id"]
    assert (await technician.delete(f"/api/v1/oncall/substitutes/{number}")).status_code == 204
    assert (await technician.delete(f"/api/v1/oncall/substitutes/{number}")).status_code == 404
    assert (await technician.get(ROTA)).json()["now_on_duty"][0] == ["an"]


@pytest.mark.parametrize(
    "wrong",
    [
        weeks(people=["nobody"]),
        weeks(unit="nowhere"),
        weeks(people=[]),
        weeks(layer=0),
        weeks(every="month"),
        weeks(starts="21/9"),
        weeks(handover=1440),
    ],
)
async def test_a_wrong_rotation_changes_nothing(technician: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    await technician.put("/api/v1/oncall/rotations", json=[weeks()])
    assert (await technician.put("/api/v1/oncall/rotations", json=[wrong])).status_code == 422
    assert len((await technician.get(ROTA)).json()["rotations"]) == 1


@pytest.mark.parametrize(
    "changes", [{"stands_in": "an"}, {"stands_in": "nobody"}, {"ends": MONDAY}, {"ends": MONDAY + 20 * WEEK}]
)
async def test_a_wrong_substitute_is_refused(technician: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    one = {"person": "an", "stands_in": "binh", "begins": MONDAY, "ends": MONDAY + WEEK, **changes}
    assert (await technician.post("/api/v1/oncall/substitutes", json=[one])).status_code == 422


async def test_the_bridge_tells_whoever_is_on_duty_and_can_be_told(
    hub: HubApp, technician: httpx.AsyncClient
) -> None:
    await technician.put("/api/v1/oncall/rotations", json=[weeks()])
    assert (await technician.put("/api/v1/oncall/people/binh", json=reach("0912 345 678"))).status_code == 200
    hub.clock.now += 10
    rota = hub.bridge._with.rota
    layers = rota.layers(None, hub.clock())
    assert [[one.code for one in layer] for layer in layers] == [["binh"]]
    assert layers[0][0].contacts[0].to == "0912 345 678"
    assert layers[0][0].quiet == ((1320, 390),)


async def test_contacts_are_for_those_who_call_people_and_stay_out_of_the_log(
    hub: HubApp, technician: httpx.AsyncClient
) -> None:
    await technician.put("/api/v1/oncall/people/an", json=reach("0912345678"))
    people = (await technician.get("/api/v1/oncall/people")).json()
    assert [one["code"] for one in people["people"]] == ["an", "binh", "chi"]
    assert people["people"][0]["contacts"] == [{"channel": "sms", "to": "0912345678"}]
    assert people["channels"] == []
    hub.add("head", SECOND, "leader")
    head = hub.client()
    await hub.sign_in(head, "head", SECOND)
    assert (await head.get("/api/v1/oncall/people")).status_code == 403
    assert "0912345678" not in (await head.get(ROTA)).text
    await hub.administrator("admin", admin := hub.client())
    assert "0912345678" not in (await admin.get("/api/v1/audit")).text
    assert (await technician.put("/api/v1/oncall/people/nobody", json=reach())).status_code == 404


async def test_a_contact_is_tried_only_over_a_channel_that_is_set_up(technician: httpx.AsyncClient) -> None:
    await technician.put("/api/v1/oncall/people/an", json=reach("0912345678"))
    test = "/api/v1/oncall/people/an/contacts/{}/test"
    assert (await technician.post(test.format(1), json={})).json()["reason"] == "channel"
    assert (await technician.post(test.format(2), json={})).status_code == 404


async def test_whoever_left_the_directory_is_on_no_rota(hub: HubApp, technician: httpx.AsyncClient) -> None:
    await technician.put("/api/v1/oncall/rotations", json=[weeks()])
    for code in ("an", "binh"):
        await technician.put(f"/api/v1/oncall/people/{code}", json=reach("0912345678"))
    with hub.sessions.begin() as session:
        row = session.query(PersonRow).filter_by(code="an").one()
        row.valid_to = date(2026, 1, 1)
    hub.clock.now += 10
    assert [[one.code for one in layer] for layer in hub.bridge._with.rota.layers(None, hub.clock())] == [["binh"]]


async def test_the_rota_goes_out_as_a_calendar_and_comes_back_changed(
    hub: HubApp, technician: httpx.AsyncClient
) -> None:
    await technician.put("/api/v1/oncall/rotations", json=[weeks()])
    calendar = await technician.get("/api/v1/oncall/rota.ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    where = "/api/v1/oncall/rota/import"
    same = (await technician.post(where, content=calendar.content)).json()
    assert (same["events"], same["substitutes"], same["problems"]) == (13, [], [])
    changed = calendar.text.replace("Nguyễn An", "Nguyễn Chi", 1)
    tried = (await technician.post(where, content=changed)).json()
    assert not tried["kept"]
    assert [(one["person"], one["stands_in"]) for one in tried["substitutes"]] == [("an", "chi")]
    assert (await technician.get(ROTA)).json()["now_on_duty"][0] == ["an"]
    kept = (await technician.post(f"{where}?dry_run=false", content=changed)).json()
    assert kept["kept"]
    assert (await technician.get(ROTA)).json()["now_on_duty"][0] == ["chi"]
    assert "rota.imported" in hub.audited()


async def test_a_calendar_that_cannot_be_read_changes_nothing(technician: httpx.AsyncClient) -> None:
    where = "/api/v1/oncall/rota/import?dry_run=false"
    assert (await technician.post(where, content=b"x")).status_code == 422
    assert (await technician.post(where, content=b"x" * 300_000)).status_code == 413
    assert (await technician.get(ROTA)).json()["substitutes"] == []
