"""All dashboards. Adding one: its file, a line here; `python -m exporters.dashboards` writes its JSON."""

from __future__ import annotations

from collections.abc import Iterator

from exporters.dashboards import devices, hub, line, nodes, oncall, overview, rooms, security, site
from exporters.dashboards.model import Board

BOARDS: dict[str, Board] = {
    "overview": overview.BOARD,
    "site": site.BOARD,
    "line": line.BOARD,
    "devices": devices.BOARD,
    "nodes": nodes.BOARD,
    "security": security.BOARD,
    "rooms": rooms.BOARD,
    "oncall": oncall.BOARD,
    "hub": hub.BOARD,
}


def expressions() -> Iterator[tuple[str, str]]:
    """(where, PromQL with Grafana's variables) of every panel and annotation."""
    for uid, board in BOARDS.items():
        for panel in board.panels():
            for number, query in enumerate(panel.queries):
                yield f"{uid}: {panel.title} #{number}", query.expr
        for annotation in board.annotations:
            yield f"{uid}: {annotation.name}", annotation.expr
