"""What `thongsuot up` writes for Prometheus and Alertmanager."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest
import yaml

from exporters.rules import GROUPS
from hub.configuration import AlertmanagerSection, Configuration, HubSection, parse
from hub.failure import UserError
from hub.paths import Paths, paths
from hub.programs import programs


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    found = paths(tmp_path / "data")
    found.create()
    for token in ("metrics.token", "alerts.token"):
        (found.secrets / token).write_text("x")
    return found


def test_the_programs_own_checkers_accept_all_of_it(where: Paths) -> None:
    configuration = Configuration(alertmanager=AlertmanagerSection(watchdog_url="https://watch.example/a-key"))
    assert {"prometheus", "alertmanager"} <= {one.name for one in programs(configuration, None, where)}
    for command in (
        ["promtool", "check", "config", str(where.prometheus / "prometheus.yml")],
        ["amtool", "check-config", str(where.alertmanager / "alertmanager.yml")],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    receivers = yaml.safe_load((where.alertmanager / "alertmanager.yml").read_text())["receivers"]
    assert receivers[0]["webhook_configs"][0]["url"] == "http://127.0.0.1:8080/api/v1/alerts"
    assert receivers[1]["webhook_configs"][0]["url"] == "https://watch.example/a-key"


def test_rules_of_another_version_are_taken_away(where: Paths) -> None:
    (where.prometheus / "rules").mkdir()
    (where.prometheus / "rules" / "old.yml").write_text("groups: []")
    list(programs(Configuration(), None, where))
    assert {file.stem for file in (where.prometheus / "rules").iterdir()} == set(GROUPS)


def test_links_in_alerts_lead_to_the_hubs_own_name(where: Paths) -> None:
    hub = HubSection(listen="0.0.0.0", names=("thongsuot.example",), site_code="tt")
    list(programs(dataclasses.replace(Configuration(), hub=hub), None, where))
    rules = yaml.safe_load((where.prometheus / "rules" / "hub.yml").read_text())["groups"][0]["rules"]
    assert rules[0]["annotations"]["runbook_url"] == "https://thongsuot.example:8080/huong-dan/Watchdog"
    assert rules[0]["labels"]["site"] == "tt"


@pytest.mark.parametrize("url", ["watch.example", "ftp://watch.example/secret", "https:///key", "http://[secret"])
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(UserError, match=r"alertmanager\.watchdog_url must be an address") as error:
        parse({"alertmanager": {"watchdog_url": url}}, "hub.toml")
    assert url not in str(error.value)
    assert "secret" not in repr(Configuration(alertmanager=AlertmanagerSection(watchdog_url=url)))
