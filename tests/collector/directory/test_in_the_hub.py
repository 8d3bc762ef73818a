"""The directory as the hub serves it: signed in with a password, behind the hub's own doors."""

from __future__ import annotations

from tests.hub.conftest import data, database, database_url, hub, migrated, migrated_postgres, quick_passwords
from tests.hub.hub_app import SECOND, HubApp
from tests.postgres import on_both_databases

__all__ = ["data", "database", "database_url", "hub", "migrated", "migrated_postgres", "quick_passwords"]

pytestmark = on_both_databases

ROOT = "/api/v1/directory"


async def test_a_technician_loads_the_district_and_a_leader_looks_at_it(hub: HubApp) -> None:
    hub.add("minh", SECOND, "technician")
    hub.add("lan", SECOND, "leader")
    technician, leader, nobody = hub.client(), hub.client(), hub.client()
    await hub.sign_in(technician, "minh", SECOND)
    await hub.sign_in(leader, "lan", SECOND)
    loaded = await technician.post(f"{ROOT}/presets/huyen-2019?dry_run=false")
    assert loaded.status_code == 200, loaded.text
    exported = (await technician.get(f"{ROOT}/export")).content
    again = await technician.post(
        f"{ROOT}/import?remove=true", content=exported, headers={"content-type": "application/yaml"}
    )
    assert (again.json()["alterations"], again.json()["bad"]) == ([], [])
    assert (await leader.get(f"{ROOT}/sites")).json()["total"] == 29
    assert (await leader.post(f"{ROOT}/presets/tinh-2025?dry_run=false")).status_code == 403
    assert (await nobody.get(f"{ROOT}/sites")).status_code == 401
    assert "directory.changed" in hub.audited()


async def test_a_large_file_passes_and_a_larger_one_is_refused(hub: HubApp) -> None:
    hub.add("minh", SECOND, "technician")
    client = hub.client()
    await hub.sign_in(client, "minh", SECOND)
    asked = {"content-type": "text/csv"}
    rows = "".join(f"s-{n},Điểm {n}\n" for n in range(5000))
    large = await client.post(f"{ROOT}/import?noun=sites", content=f"code,name\n{rows}".encode(), headers=asked)
    assert large.json()["counts"]["sites"]["added"] == 5000
    assert large.json()["counts"]["lines"]["added"] == 5000
    assert (large.json()["left_out"], len(large.json()["alterations"])) == (9500, 500)
    larger = await client.post(f"{ROOT}/import?noun=sites", content=b"x" * (9 << 20), headers=asked)
    assert larger.status_code == 413
    assert larger.headers["content-type"] == "application/problem+json"
