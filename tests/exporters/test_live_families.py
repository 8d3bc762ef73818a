"""Rules stand on families that a running system shows, and Prometheus evaluates every one of them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import httpx
import pytest

from exporters.dashboards.catalogue import expressions
from exporters.dashboards.needs import needs_of
from exporters.rules import alerts, recording_rules
from exporters.rules.families import NEEDS, families_of
from tests.e2e.system import System, until
from tests.exporters.dashboards.variables import filled

SEEN_SECONDS = 180.0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    found = System(tmp_path_factory.mktemp("live") / "data")
    try:
        found.start()
        yield found
    finally:
        found.stop()


def names(system: System) -> set[str]:
    answer = httpx.get(f"{system.prometheus_url}/api/v1/label/__name__/values", timeout=10).json()["data"]
    return {name.removesuffix("_bucket") for name in answer}


@pytest.mark.e2e
def test_a_running_system_shows_every_family_that_a_rule_stands_on(system: System) -> None:
    wanted = families_of([*alerts(), *recording_rules()]) - set(NEEDS)
    until(lambda: wanted <= names(system), SEEN_SECONDS, f"all of {sorted(wanted)}; see exporters/rules/families.py")


@pytest.mark.e2e
def test_every_panel_of_the_dashboards_shows_something(system: System) -> None:
    """Where a panel needs more than every system has, exporters/dashboards/needs.py says what."""
    with system.signed_in() as client:
        where = "/api/v1/directory/lines/trung-tam-1"
        match = {"If-Match": client.get(where).headers["ETag"]}
        contract = {"provider": "VNPT", "contract_download_mbits": 100, "contract_upload_mbits": 50}
        client.patch(where, json=contract, headers=match).raise_for_status()
        above = {"code": "25", "name": "Tỉnh Phú Thọ", "kind": "tinh", "valid_from": "2025-07-01"}
        unit = client.post("/api/v1/directory/units", json=above).raise_for_status().json()["key"]
        below = {"code": "08707", "name": "Xã Vĩnh Tường", "kind": "xa", "valid_from": "2025-07-01", "parent": unit}
        unit = client.post("/api/v1/directory/units", json=below).raise_for_status().json()["key"]
        where = "/api/v1/directory/sites/trung-tam"
        match = {"If-Match": client.get(where).headers["ETag"]}
        client.patch(where, json={"unit": unit}, headers=match).raise_for_status()

    def empty() -> list[str]:
        return [
            f"{where}: {expr}"
            for where, expr in expressions()
            if not needs_of(expr) and not system.query(filled(expr, site="trung-tam", line="trung-tam-1"))
        ]

    deadline = time.monotonic() + SEEN_SECONDS
    while found := empty():
        assert time.monotonic() < deadline, "\n".join(found)
        time.sleep(3)


@pytest.mark.e2e
def test_prometheus_evaluates_every_rule_and_the_watchdog_fires(system: System) -> None:
    def groups(most_seconds: float = math.inf) -> list[dict[str, object]]:
        answer = httpx.get(f"{system.prometheus_url}/api/v1/rules", timeout=10).json()["data"]["groups"]
        return [rule for group in answer if group["interval"] <= most_seconds for rule in group["rules"]]

    # A group that is evaluated every five minutes may not have had its turn yet.
    until(lambda: groups(60) and all(one["health"] == "ok" for one in groups(60)), 90.0, "all rules evaluated")
    assert all(one["health"] in ("ok", "unknown") for one in groups())
    assert len(groups()) == len(list(alerts())) + len(list(recording_rules()))
    firing = {one["name"] for one in groups() if one.get("state") == "firing"}
    assert firing == {"Watchdog"}
