"""The dashboards as Grafana gets them: what is checked in is what is built, and holds the rules of its linter."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.dashboards.__main__ import FOLDER
from exporters.dashboards.catalogue import BOARDS, expressions
from exporters.dashboards.render import PREFIX, render
from exporters.rules import alerts, recording_rules
from exporters.rules.families import families_in
from hub.metrics_document import hub_families, node_families
from tests.exporters.dashboards.variables import filled

FILES = sorted(FOLDER.glob("*.json"))
COUNTER = re.compile(r"\b(\w+_total)\b(?!\s*\{[^}]*\}?\s*\[|\s*\[)")
RATED = re.compile(r"(?:rate|increase|irate)\((\w+)")


def documents() -> dict[str, dict[str, Any]]:
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FILES}


def panels(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in document["panels"] if panel["type"] != "row"]


def test_what_is_checked_in_is_what_is_built() -> None:
    """When this fails: python -m exporters.dashboards"""
    assert [file.stem for file in FILES] == sorted(f"{PREFIX}-{uid}" for uid in BOARDS)
    for uid, board in BOARDS.items():
        assert (FOLDER / f"{PREFIX}-{uid}.json").read_text(encoding="utf-8") == render(board), uid


@pytest.mark.parametrize("name", documents())
def test_a_dashboard_keeps_the_rules_of_grafanas_linter(name: str) -> None:
    document = documents()[name]
    variables = {one["name"]: one for one in document["templating"]["list"]}
    assert [one for one in variables.values() if one["type"] == "datasource"] == [variables["datasource"]]
    assert document["uid"] == name
    assert document["title"]
    assert document["description"]
    assert document["editable"] is False
    ids = [panel["id"] for panel in document["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels(document):
        where = f"{name}: {panel.get('title')}"
        assert panel["title"] and panel["description"], where
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, where
        assert panel["fieldConfig"]["defaults"]["unit"], where
        assert panel["targets"], where
        place = panel["gridPos"]
        assert 0 < place["w"] <= 24 - place["x"], where
        for target in panel["targets"]:
            used = set(re.findall(r"\$\{?(\w+)\}?", target["expr"])) - {"__rate_interval", "__interval", "__range"}
            assert used <= set(variables), where


def test_no_two_panels_lie_on_one_another() -> None:
    for name, document in documents().items():
        taken: dict[tuple[int, int], str] = {}
        for panel in document["panels"]:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    assert (x, y) not in taken, f"{name}: {panel['title']} on {taken[x, y]}"
                    taken[x, y] = panel["title"]


def test_counters_are_rated_and_rates_are_of_counters() -> None:
    kinds = {one.name: one.kind for one in (*hub_families(), *node_families())}
    kinds["process_cpu_seconds_total"] = "counter"
    for where, expr in expressions():
        assert COUNTER.search(expr) is None, where
        for name in RATED.findall(expr):
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            assert kinds.get(name, kinds.get(family)) in ("counter", "histogram"), f"{where}: {name}"
        for window in re.findall(r"\b(?:rate|irate)\([^[]*\[([^\]]+)\]", expr):
            assert window == "$__rate_interval", f"{where}: [{window}]"


def test_links_lead_to_dashboards_and_pages_that_are_there() -> None:
    known = set(documents())
    for name, document in documents().items():
        for uid in re.findall(r"/d/([\w-]+)", json.dumps(document)):
            assert uid in known, name


def test_promtool_parses_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}:expr", "expr": filled(expr)} for number, (_, expr) in enumerate(expressions())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_name_only_families_and_recordings_that_there_are() -> None:
    known = {one.name for one in (*hub_families(), *node_families())} | {"up"}
    recorded = {one.name for one in recording_rules()}
    for where, expr in expressions():
        assert families_in(expr) <= known, f"{where}: {families_in(expr) - known}"
        assert set(re.findall(r"\b\w+:\w+:\w+\b", expr)) <= recorded, where


def test_every_alert_leads_to_its_runbook() -> None:
    """The cells of tables with alerts: ${hub}/huong-dan/NAME, which the hub serves for each of them."""
    assert any('"url": "${hub}/huong-dan/${__value.raw}"' in file.read_text(encoding="utf-8") for file in FILES)
    assert all(re.fullmatch(r"\w+", alert.name) for alert in alerts())
