"""All rules of the product. Adding one: a line in its group's file; the tests and the runbook follow from it."""

from __future__ import annotations

from collections.abc import Iterator

from exporters.rules import hub, lines, nodes, oncall, recordings
from exporters.rules.rule import Alert, Group, Recording

GROUPS: dict[str, Group] = {
    "recordings": recordings.GROUP,
    "lines": lines.GROUP,
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
