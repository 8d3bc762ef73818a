"""The board's API: sites as they are now, and the last hour of one of them. Each caller sees their own sites only."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from starlette.requests import Request

from collector.accounts.rights import Action
from collector.history import LineMinutePoint, NodeMinutePoint
from collector.snapshot import CollectorSnapshot, FilesystemReading, NodeState, SiteState
from hub.http.principal import principal_of
from hub.http.rights import requires
from hub.http.rights_tree import Places

HISTORY_MINUTES = 60


class Knowledge(Protocol):
    """What the board asks of the collector."""

    def snapshot(self, now: float) -> CollectorSnapshot: ...

    async def line_history(self, line: str, since: float, until: float) -> list[LineMinutePoint]: ...

    async def node_history(self, node: str, since: float, until: float) -> list[NodeMinutePoint]: ...


class Board(BaseModel):
    """`now` in Unix seconds by the hub's clock; ages are against it."""

    now: float
    sites: list[dict[str, Any]]


class History(BaseModel):
    """`times`: starts of the minutes, Unix seconds; by line and by node one value per minute, null where none is."""

    times: list[int]
    lines: dict[str, dict[str, list[float | int | None]]]
    nodes: dict[str, dict[str, list[float | int | None]]]


def router(knowledge: Knowledge, places: Places, clock: Callable[[], float] = time.time) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/board", tags=["board"])

    async def visible(request: Request, now: float) -> list[SiteState]:
        principal, tree = principal_of(request), await places.tree()
        sites = knowledge.snapshot(now).sites
        return [site for site in sites if principal.may_at_site(Action.SEE_BOARD, site.site, tree)]

    @routes.get("")
    @requires(Action.SEE_BOARD)
    async def board(request: Request) -> Board:
        now = clock()
        return Board(now=now, sites=[_site(site) for site in await visible(request, now)])

    @routes.get("/sites/{code}/history")
    @requires(Action.SEE_BOARD)
    async def history(code: str, request: Request) -> History:
        now = clock()
        site = next((site for site in await visible(request, now) if site.site == code), None)
        if site is None:
            raise HTTPException(404, f"Không có địa điểm {code!r}. / No site {code!r}.")
        until = int(now // 60) * 60 + 60
        times = list(range(until - HISTORY_MINUTES * 60, until, 60))
        lines = {line.line: await knowledge.line_history(line.line, times[0], until) for line in site.lines}
        nodes = {node.node: await knowledge.node_history(node.node, times[0], until) for node in site.nodes}
        return History(
            times=times,
            lines={line: _columns(points, times, LineMinutePoint) for line, points in lines.items()},
            nodes={node: _columns(points, times, NodeMinutePoint) for node, points in nodes.items()},
        )

    return routes


def _columns(
    points: Sequence[LineMinutePoint] | Sequence[NodeMinutePoint], times: Sequence[int], kind: type[Any]
) -> dict[str, list[float | int | None]]:
    by_minute: Mapping[int, Any] = {point.minute: point for point in points}
    names = [field.name for field in dataclasses.fields(kind) if field.name != "minute"]
    return {name: [getattr(by_minute.get(minute), name, None) for minute in times] for name in names}


def _site(site: SiteState) -> dict[str, Any]:
    return {
        "code": site.site,
        "name": site.name,
        "unit": site.unit,
        "lines": [dataclasses.asdict(line) for line in site.lines],
        "nodes": [_node(node) for node in site.nodes],
    }


def _node(node: NodeState) -> dict[str, Any]:
    return {**dataclasses.asdict(node), "filesystems": [_filesystem(one) for one in node.filesystems]}


def _filesystem(filesystem: FilesystemReading) -> dict[str, Any]:
    return {**dataclasses.asdict(filesystem), "used_ratio": filesystem.used_ratio}
