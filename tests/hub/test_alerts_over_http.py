"""Alertmanager's notifications at the hub: who may send, who sees which, what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import directory
from exporters.oncall.webhook import Notification, parse
from tests.hub.hub_app import SECOND, HubApp


def alert(name: str, scope: str = "site", site: str = "kx", status: str = "firing") -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "scope": scope, "site": site},
        "annotations": {"summary_vi": "Mất", "summary_en": "Down"},
        "startsAt": "2026-11-23T22:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://x",
        "fingerprint": f"{name}-{site}",
    }


async def post(hub: HubApp, body: Any, *, address: str = "127.0.0.1", token: str | None = None) -> int:
    token = token if token is not None else (hub.data / "secrets" / "alerts.token").read_text()
    client = hub.client(address=address, token=token)
    answer = await client.post("/api/v1/alerts", json=body)
    return answer.status_code


async def test_only_alertmanager_of_this_machine_may_send(hub: HubApp) -> None:
    body = {"version": "4", "alerts": [alert("LineDown")]}
    assert await post(hub, body) == 204
    assert await post(hub, body, token="another") == 401
    assert await post(hub, body, address="10.0.0.9") == 401


@pytest.mark.parametrize("body", [[], {}, {"alerts": [{}]}, {"alerts": [alert("x", status="new")]}, "x", None])
async def test_what_is_no_notification_is_refused(hub: HubApp, body: Any) -> None:
    assert await post(hub, body) == 400


async def test_each_sees_the_alerts_of_their_own_sites(hub: HubApp) -> None:
    with hub.sessions.begin() as session:
        unit = directory.add_unit(session, "08650", "Xã Kim Xá", "xa").id
        directory.ensure_site(session, "kx", "UBND xã Kim Xá")
    await post(hub, {"alerts": [alert("LineDown"), alert("BackupOld", scope="hub", site="trung-tam")]})
    whole, part = hub.client(), hub.client()
    hub.add("whole", SECOND, "technician")
    hub.add("part", SECOND, "technician", unit)
    await hub.sign_in(whole, "whole", SECOND)
    await hub.sign_in(part, "part", SECOND)
    seen = (await whole.get("/api/v1/alerts")).json()
    assert [one["labels"]["alertname"] for one in seen["alerts"]] == ["BackupOld", "LineDown"]
    assert seen["alerts"][1]["annotations"] == {"summary_vi": "Mất", "summary_en": "Down"}
    # The site is in no unit: who sees a unit only does not see it, and never the hub's own.
    assert (await part.get("/api/v1/alerts")).json()["alerts"] == []


async def test_the_same_twice_changes_nothing_and_the_end_is_seen(hub: HubApp) -> None:
    hub.add("whole", SECOND, "technician")
    client = hub.client()
    await hub.sign_in(client, "whole", SECOND)
    body = {"groupKey": '{}:{site="kx"}', "alerts": [alert("LineDown"), alert("LineWeak")]}
    await post(hub, body)
    first = (await client.get("/api/v1/troubles/1")).json()
    await post(hub, body)
    assert (await client.get("/api/v1/troubles/1")).json() == first
    assert [one["kind"] for one in first["events"]] == ["opened", "alert_fired", "alert_fired"]
    ended = alert("LineDown", status="resolved") | {"endsAt": "2026-11-23T22:05:00Z"}
    # LineWeak is held back by another alert: Alertmanager leaves it out.
    await post(hub, body | {"alerts": [ended]})
    seen = (await client.get("/api/v1/alerts")).json()["alerts"]
    assert {one["status"] for one in seen} == {"resolved"}
    assert (await client.get("/api/v1/troubles/2")).status_code == 404


async def test_a_group_of_many_alerts_is_taken_and_one_that_is_too_large_is_not(hub: HubApp) -> None:
    many = [alert("LineDown", site="kx") | {"fingerprint": f"f{index}"} for index in range(1000)]
    assert await post(hub, {"alerts": many}) == 204
    assert await post(hub, {"alerts": many * 6}) == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["alerts", "labels", "status"]) | st.text(), inner)
    ),
)


@given(st.binary() | JSON.map(json.dumps).map(str.encode))
def test_whatever_comes_is_a_notification_or_is_refused(body: bytes) -> None:
    try:
        assert isinstance(parse(body), Notification)
    except ValueError:
        return
