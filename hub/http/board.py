"""The board's API: all sites as they are now, and the last hour of one of them. For people who are signed in."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel

from collector.history import LineMinutePoint, NodeMinutePoint
from collector.snapshot import CollectorSnapshot, FilesystemReading, NodeState, SiteState
from hub.http.sign_in import SignedIn, SignIn

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


def router(knowledge: Knowledge, sign_in: SignIn, clock: Callable[[], float] = time.time) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/board", tags=["board"])
    person = Annotated[SignedIn, Depends(sign_in.require)]

    @routes.get("")
    async def board(_: person) -> Board:
        now = clock()
        sites = knowledge.snapshot(now).sites
        return Board(now=now, sites=[_site(site) for site in sites])

    @routes.get("/sites/{code}/history")
    async def history(code: str, _: person) -> History:
        now = clock()
        site = next((site for site in knowledge.snapshot(now).sites if site.site == code), None)
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
