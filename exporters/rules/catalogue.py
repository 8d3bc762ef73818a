"""All rules of the product. Adding one: a line in its group's file; the tests and the runbook follow from it."""

from __future__ import annotations

from collections.abc import Iterator

from exporters.rules import devices, hub, lines, loads, nodes, oncall, places, recordings, security
from exporters.rules.rule import Alert, Group, Recording

GROUPS: dict[str, Group] = {
    "recordings": recordings.GROUP,
    "loads": loads.GROUP,
    "lines": lines.GROUP,
    "places": places.GROUP,
    "devices": devices.GROUP,
    "security": security.GROUP,
    "nodes": nodes.GROUP,
    "hub": hub.GROUP,
    "oncall": oncall.GROUP,
}


def alerts() -> Iterator[Alert]:
    for group in GROUPS.values():
        yield from group.alerts


def recording_rules() -> Iterator[Recording]:
    for group in GROUPS.values():
        yield from group.recordings
