"""Rules stand on families that a running system shows, and Prometheus evaluates every one of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import httpx
import pytest

from exporters.rules import alerts, recording_rules
from exporters.rules.families import NEEDS, families_of
from tests.e2e.system import System, until

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
