"""docs/metrics.md from the families themselves. Values in, text out; `python -m hub.metrics_document` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import Metric

from exporters.metrics.cardinality import bound_of
from exporters.rules.catalogue import alerts, recording_rules
from exporters.rules.families import NEEDS, families_of

_SUFFIX = {"counter": "_total", "info": "_info"}
_HEAD = """# Metrics

Written by `python -m hub.metrics_document`; a test holds it to the families. Base units; counters end in `_total`.
Nodes' families come by remote write with the labels `site` and `node`; the hub's are scraped at `GET /metrics`
(token in `secrets/metrics.token`). "Series" says what bounds their number.
"""


@dataclass(frozen=True, slots=True)
class Described:
    """`name` as a query has it; `kind` is the word after # TYPE."""

    name: str
    kind: str
    help: str


def described(metric: Metric) -> Described:
    return Described(metric.name + _SUFFIX.get(metric.type, ""), metric.type, metric.documentation)


def document(hub: Iterable[Described], nodes: Iterable[Described]) -> str:
    ruled = families_of([*alerts(), *recording_rules()])
    parts = [_HEAD]
    for title, families in (("Of the hub", hub), ("Of the nodes", nodes)):
        parts += [f"## {title}\n", "| family | type | help | series | rules |", "|---|---|---|---|---|"]
        parts += [_row(one, one.name in ruled) for one in sorted(families, key=lambda one: one.name)]
        parts.append("")
    parts += ["## Recorded\n", "| series | what |", "|---|---|"]
    parts += [f"| `{one.name}` | {one.summary} |" for one in recording_rules()]
    parts += ["", "## Seen only with\n", "| family | needs |", "|---|---|"]
    parts += [f"| `{name}` | {reason} |" for name, reason in sorted(NEEDS.items())]
    return "\n".join(parts) + "\n"


def _row(one: Described, ruled: bool) -> str:
    return f"| `{one.name}` | {one.kind} | {one.help} | {bound_of(one.name)} | {'yes' if ruled else ''} |"
