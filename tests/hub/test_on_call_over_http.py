"""Taking troubles at the board and by the link, maintenance, and who may do which where."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from collector import directory
from exporters.oncall.links import PATH
from exporters.oncall.tables import DeliveryRow
from tests.hub.hub_app import SECOND, HubApp
from tests.hub.test_alerts_over_http import alert, post

TROUBLES = "/api/v1/troubles"


@pytest.fixture
async def whole(hub: HubApp) -> httpx.AsyncClient:
    """A technician of the whole tree; one trouble of a site in Kim Xá, one of the hub."""
    with hub.sessions.begin() as session:
        unit = directory.add_unit(session, "08650", "Xã Kim Xá", "xa")
        directory.ensure_site(session, "kx", "UBND xã Kim Xá", unit=unit)
        unit_id = unit.id
    await post(hub, {"groupKey": "kx", "alerts": [alert("LineDown")]})
    await post(hub, {"groupKey": "hub", "alerts": [alert("BackupOld", scope="hub", site="trung-tam")]})
    await hub.bridge.round()
    hub.add("whole", SECOND, "technician")
    hub.add("part", SECOND, "technician", unit_id)
    hub.add("head", SECOND, "leader")
    return await signed_in(hub, "whole")


async def signed_in(hub: HubApp, name: str) -> httpx.AsyncClient:
    client = hub.client()
    await hub.sign_in(client, name, SECOND)
    return client


def link(hub: HubApp, person: str, trouble: int = 1) -> str:
    """As a message to that person has it."""
    with hub.sessions.begin() as session:
        session.add(
            DeliveryRow(
                key=person, notice=person, trouble_id=trouble, kind="opened", person=person, name=person.title(),
                language="vi", channel="sms", address="+84", others=[], detail={}, state="sent", attempts=1,
                created_at=hub.clock(), next_at=hub.clock(), sent_at=hub.clock(), receipt="", outcome="",
            )
        )  # fmt: skip
    return PATH + hub.bridge.links.link(trouble, person, hub.clock()).rpartition(PATH)[2]


async def test_a_trouble_is_taken_noted_and_handed_back_at_the_board(hub: HubApp, whole: httpx.AsyncClient) -> None:
    page = (await whole.get(TROUBLES)).json()
    assert [(one["place"], one["state"], one["may_answer"]) for one in page["troubles"]] == [
        ("Trung tâm điều hành", "waiting", True), ("UBND xã Kim Xá", "waiting", True),
    ]  # fmt: skip
    taken = await whole.post(f"{TROUBLES}/1/acknowledge", json={})
    assert (taken.json()["state"], taken.json()["acknowledged_name"]) == ("acknowledged", "Whole")
    assert (await whole.post(f"{TROUBLES}/1/notes", json={"text": "gọi VNPT"})).status_code == 201
    assert (await whole.post(f"{TROUBLES}/1/notes", json={"text": ""})).status_code == 422
    back = await whole.post(f"{TROUBLES}/1/hand-back", json={})
    assert back.json()["acknowledged_name"] == ""
    found = (await whole.get(f"{TROUBLES}/1")).json()
    assert [one["kind"] for one in found["events"]][-3:] == ["acknowledged", "note", "handed_back"]
    assert [one for one in hub.audited() if one.startswith("alert")] == [
        "alert.acknowledged", "alert.noted", "alert.handed_back",
    ]  # fmt: skip
    assert (await whole.get(f"{TROUBLES}/99")).status_code == 404
    assert (await whole.post(f"{TROUBLES}/99/acknowledge", json={})).status_code == 404
    assert (await whole.get(f"{TROUBLES}?state=resolved")).json()["troubles"] == []
    assert (await whole.get(f"{TROUBLES}?state=all&site=kx")).json()["troubles"][0]["id"] == 1


async def test_who_has_a_part_of_the_tree_answers_for_that_part(hub: HubApp, whole: httpx.AsyncClient) -> None:
    part, head = await signed_in(hub, "part"), await signed_in(hub, "head")
    assert [one["id"] for one in (await part.get(TROUBLES)).json()["troubles"]] == [1]
    assert (await part.get(f"{TROUBLES}/2")).status_code == 404
    assert (await part.post(f"{TROUBLES}/2/acknowledge", json={})).status_code == 404
    assert (await part.post(f"{TROUBLES}/1/acknowledge", json={})).status_code == 200
    refused = await whole.post(f"{TROUBLES}/1/acknowledge", json={})
    assert (refused.status_code, refused.json()["reason"]) == (409, "taken")
    # A leader sees and does not answer.
    assert [one["may_answer"] for one in (await head.get(TROUBLES)).json()["troubles"]] == [False, False]
    assert (await head.post(f"{TROUBLES}/2/acknowledge", json={})).status_code == 403


async def test_the_link_shows_without_taking_and_takes_by_its_button(hub: HubApp, whole: httpx.AsyncClient) -> None:
    telephone = hub.client(address="203.0.113.9")
    first, second = link(hub, "an"), link(hub, "binh")
    for _ in range(3):
        shown = await telephone.get(first)
        assert shown.status_code == 200
        assert "Tôi tiếp nhận" in shown.text
        assert "UBND xã Kim Xá" in shown.text
    assert "<script" not in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert (await whole.get(f"{TROUBLES}/1")).json()["trouble"]["state"] == "waiting"
    taken = await telephone.post(first, headers={"Origin": "https://hub.test"})
    assert "Bạn đã tiếp nhận" in taken.text
    assert "Tôi tiếp nhận" not in taken.text
    late = await telephone.post(second, headers={"Origin": "https://hub.test"})
    assert "An đã tiếp nhận" in late.text
    assert hub.audited()[-1] == "alert.acknowledged"
    # Another site's page cannot press the button.
    assert (await telephone.post(second, headers={"Origin": "https://evil.example"})).status_code == 403
    await post(hub, {"groupKey": "kx", "alerts": [alert("LineDown", status="resolved")]})
    await hub.bridge.round()
    assert "Đã khắc phục" in (await telephone.get(first)).text


async def test_a_link_that_is_changed_or_old_opens_nothing(hub: HubApp, whole: httpx.AsyncClient) -> None:
    telephone = hub.client()
    path = link(hub, "an")
    for wrong in (path[:-1], path.replace("/t/1.", "/t/2."), f"{PATH}/x", f"{PATH}/{'a' * 500}"):
        answer = await telephone.get(wrong)
        assert answer.status_code == 404
        assert "UBND" not in answer.text
        assert (await telephone.post(wrong)).status_code == 404
    hub.clock.now += hub.bridge.policy.link_seconds + 2
    assert (await telephone.get(path)).status_code == 410
    assert (await telephone.post(path)).status_code == 410


async def test_what_alerts_say_is_no_markup_on_the_telephones_page(hub: HubApp, whole: httpx.AsyncClient) -> None:
    bad = alert("<b>x") | {"annotations": {"summary_vi": "<script>alert(1)</script>"}, "fingerprint": "bad"}
    await post(hub, {"groupKey": "kx", "alerts": [alert("LineDown"), bad]})
    page = await hub.client().get(link(hub, "<i>an"))
    assert "<script" not in page.text
    assert "<i>an" not in page.text.lower().replace("&lt;i&gt;", "")


async def test_maintenance_is_announced_in_ones_own_part_and_ended(hub: HubApp, whole: httpx.AsyncClient) -> None:
    now = hub.clock()
    part = await signed_in(hub, "part")

    def window(**changes: Any) -> dict[str, Any]:
        return {"scope": "site", "target": "kx", "begins": now, "ends": now + 3600, "reason": "ONT", **changes}

    made = await part.post("/api/v1/maintenance", json=window())
    assert made.status_code == 201
    assert made.json()["place"] == "UBND xã Kim Xá"
    await hub.bridge.round()
    assert (await whole.get(f"{TROUBLES}/1")).json()["trouble"]["state"] == "suppressed"
    for wrong, status in (
        (window(scope="whole", target=""), 403),
        (window(target="nowhere"), 422),
        (window(scope="whole"), 422),
        (window(ends=now - 1), 422),
        (window(ends=now + 40 * 86400), 422),
        (window(reason=""), 422),
    ):
        assert (await part.post("/api/v1/maintenance", json=wrong)).status_code == status, wrong
    assert (await whole.post("/api/v1/maintenance", json=window(scope="whole", target=""))).status_code == 201
    assert (await part.delete("/api/v1/maintenance/2")).status_code == 403
    assert [one["may_end"] for one in (await part.get("/api/v1/maintenance")).json()["windows"]] == [True, False]
    hub.clock.now += 60
    for number in (1, 2):
        assert (await whole.delete(f"/api/v1/maintenance/{number}")).status_code == 204
    assert (await whole.delete("/api/v1/maintenance/9")).status_code == 404
    await hub.bridge.round()
    assert (await whole.get(f"{TROUBLES}/1")).json()["trouble"]["state"] == "waiting"
    assert [one["ends"] for one in (await whole.get("/api/v1/maintenance")).json()["windows"]] == [now + 60] * 2


async def test_a_bridge_without_rota_and_channels_says_so(hub: HubApp, whole: httpx.AsyncClient) -> None:
    said = (await whole.get("/api/v1/oncall")).json()
    assert (said["nobody"], said["no_channel"], said["open"], said["people"]) == (True, True, 2, 0)


async def test_figures_count_by_week_and_say_which_rule_is_noise(hub: HubApp, whole: httpx.AsyncClient) -> None:
    await whole.post(f"{TROUBLES}/1/acknowledge", json={})
    said = (await whole.get("/api/v1/oncall/figures?weeks=2")).json()
    assert [one["troubles"] for one in said["weeks"]] == [0, 2]
    assert said["weeks"][1]["taken"] == 1
    assert {one["rule"] for one in said["rules"]} == {"LineDown", "BackupOld"}
    assert (await whole.get("/api/v1/oncall/figures?weeks=99")).status_code == 422
