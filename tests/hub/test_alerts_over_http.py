"""Alertmanager's notifications at the hub: who may send, who sees which, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import directory
from hub.http.alerts import MAX_ALERTS, Alert, Alerts, Notification, parse
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


def test_alerts_are_kept_over_a_restart_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"
    before = Alerts(file)
    firing = [Alert.model_validate(alert("LineDown", site=f"s{index}")) for index in range(MAX_ALERTS)]
    resolved = Alert.model_validate(alert("LineDown", site="old", status="resolved"))
    before.take([resolved, *firing], 5.0)
    assert before.dropped == 1
    after = Alerts(file)
    after.load()
    assert {one.status for one in after.newest_first()} == {"firing"}
    assert len(after.newest_first()) == MAX_ALERTS
    assert after.newest_first()[0].received_at == 5.0


def test_a_file_of_alerts_that_is_broken_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "alerts.json").write_text("{")
    found = Alerts(tmp_path / "alerts.json")
    found.load()
    assert found.newest_first() == []


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
