"""What is written about the metrics, against the families that the code declares."""

from __future__ import annotations

import subprocess
from pathlib import Path

from exporters.metrics.cardinality import bound_of
from exporters.rules import alerts, recording_rules
from exporters.rules.families import NEEDS, WITHOUT_RULE, families_of
from hub import metrics_document
from tests.hub.hub_app import HubApp

FILE = Path(__file__).parents[2] / "docs" / "metrics.md"
ALL = [*metrics_document.hub_families(), *metrics_document.node_families()]
NAMES = {one.name for one in ALL}
RULED = families_of([*alerts(), *recording_rules()])


def test_the_document_is_what_the_generator_says() -> None:
    """When this fails: python -m hub.metrics_document docs/metrics.md"""
    assert FILE.read_text(encoding="utf-8") == metrics_document.text()


def test_every_family_says_what_it_is_and_how_many_series_it_may_have() -> None:
    assert [one.name for one in ALL if not one.help.strip()] == []
    assert all(bound_of(one.name) for one in ALL)
    assert len(NAMES) == len(ALL), "a family is said by two"


def test_rules_stand_on_families_that_are_declared() -> None:
    assert {"up"} == RULED - NAMES
    assert set(NEEDS) <= NAMES


def test_every_family_has_a_rule_or_a_reason_to_have_none() -> None:
    assert [name for name in sorted(NAMES - RULED) if not name.startswith(tuple(WITHOUT_RULE))] == []
    assert [start for start in WITHOUT_RULE if not any(name.startswith(start) for name in NAMES - RULED)] == []


async def test_promtool_has_nothing_to_say_about_a_scrape(hub: HubApp) -> None:
    token = (hub.data / "secrets" / "metrics.token").read_text()
    client = hub.client(token=token)
    await client.get("/metrics")
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert "thongsuot_hub_scrapes_total 1.0" in answer.text
    assert "thongsuot_hub_scrape_duration_seconds " in answer.text
    done = subprocess.run(["promtool", "check", "metrics"], input=answer.text, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
