"""The catalogue of rules: each is accepted by promtool, fires on its own example and keeps quiet on the other."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.rules import GROUPS, Alert, alerts, promtool_file, recording_rules, rule_file
from exporters.rules.families import NEEDS, families_of

ALL = list(alerts())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("rules")
    for name, group in GROUPS.items():
        text = rule_file(group, hub_site="trung-tam", base_url="https://hub.example")
        (found / f"{name}.yml").write_text(text, encoding="utf-8")
        (found / f"{name}.test.yml").write_text(promtool_file(group, rule_files(name)), encoding="utf-8")
    return found


def rule_files(group: str) -> list[str]:
    """Those that the group stands on: others would only cost time."""
    return sorted({"recordings.yml", f"{group}.yml"})


def promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


def test_promtool_accepts_every_rule(folder: Path) -> None:
    done = promtool(folder, "check", "rules", *(f"{name}.yml" for name in GROUPS))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", GROUPS)
def test_every_rule_fires_on_its_example_and_is_quiet_on_the_other(folder: Path, name: str) -> None:
    done = promtool(folder, "test", "rules", f"{name}.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_has_both_examples() -> None:
    assert [alert.name for alert in ALL if alert.quiet is None] == ["Watchdog"]
    assert len({alert.name for alert in ALL}) == len(ALL)


def test_texts_render_with_the_labels_that_the_alert_has(folder: Path) -> None:
    """promtool is asked to expect nothing: what it says instead holds the texts as they are rendered."""
    for name, group in GROUPS.items():
        tests: list[Any] = [
            {
                "interval": "1m",
                "input_series": [{"series": key, "values": value} for key, value in alert.fires.series.items()],
                "alert_rule_test": [{"eval_time": alert.fires.at, "alertname": alert.name, "exp_alerts": []}],
            }
            for alert in group.alerts
        ]
        document = {"rule_files": rule_files(name), "evaluation_interval": "1m", "tests": tests}
        (folder / "texts.test.yml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        said = promtool(folder, "test", "rules", "texts.test.yml").stderr
        for alert in group.alerts:
            found = re.search(rf'alertname="{alert.name}".*?Annotations:{{(.*)}}', said, re.DOTALL)
            assert found is not None, f"{alert.name}: {said}"
        assert "<error" not in said
        assert "<no value>" not in said


@pytest.mark.parametrize("alert", ALL, ids=lambda alert: alert.name)
def test_texts_name_only_labels_that_the_example_shows(alert: Alert) -> None:
    words = alert.summary.vi + alert.summary.en
    assert set(re.findall(r"\$labels\.(\w+)", words)) <= set(alert.fires.labels)
    if alert.scope == "site":
        assert "site" in alert.fires.labels


def test_what_a_rule_needs_is_used_by_a_rule() -> None:
    assert set(NEEDS) <= families_of([*ALL, *recording_rules()])
