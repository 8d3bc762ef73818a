"""The board's API: sites as they are now, and the last hour of one of them. Each caller sees their own sites only."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from collector.accounts.rights import Action
from collector.events import EventRecord
from collector.history import LineMinutePoint, NodeMinutePoint
from collector.snapshot import CollectorSnapshot, FilesystemReading, NodeState, SiteState
from hub.http.principal import principal_of
from hub.http.rights import requires
from hub.http.rights_tree import Places

HISTORY_MINUTES = 60
DAY_SECONDS = 86400.0
EVENTS_EXAMPLE: dict[str, Any] = {
    "now": 1790000100.0,
    "events": [
        {
            "id": 12,
            "node": "n-abcdefghij",
            "hostname": "PC-KimXa",
            "at": 1790000040.0,
            "received_at": 1790000041.5,
            "kind": "power.last_gasp",
            "severity": "critical",
            "subject": "ups",
            "detail": {"battery_ratio": 0.8},
        }
    ],
}


class Knowledge(Protocol):
    """What the board asks of the collector."""

    def snapshot(self, now: float) -> CollectorSnapshot: ...

    async def line_history(self, line: str, since: float, until: float) -> list[LineMinutePoint]: ...

    async def node_history(self, node: str, since: float, until: float) -> list[NodeMinutePoint]: ...

    async def site_events(
        self, site: str, since: float, until: float, kind: str = "", before: int | None = None
    ) -> list[EventRecord]: ...


class Board(BaseModel):
    """`now` in Unix seconds by the hub's clock; ages are against it."""

    now: float
    sites: list[dict[str, Any]]


class History(BaseModel):
    """`times`: starts of the minutes, Unix seconds; by line and by node one value per minute, null where none is."""

    times: list[int]
    lines: dict[str, dict[str, list[float | int | None]]]
    nodes: dict[str, dict[str, list[float | int | None]]]


class EventShown(BaseModel):
    """`at`: Unix seconds, corrected by the node's clock offset."""

    id: int
    node: str
    hostname: str
    at: float
    received_at: float
    kind: str
    severity: str
    subject: str
    detail: dict[str, Any]


class Events(BaseModel):
    """The newest first, at most 500; `before` = the last one's id asks for those that came before it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVENTS_EXAMPLE]})

    now: float
    events: list[EventShown]


def router(knowledge: Knowledge, places: Places, clock: Callable[[], float] = time.time) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/board", tags=["board"])

    async def visible(request: Request, now: float) -> list[SiteState]:
        principal, tree = principal_of(request), await places.tree()
        sites = knowledge.snapshot(now).sites
        return [site for site in sites if principal.may_at_site(Action.SEE_BOARD, site.site, tree)]

    async def one(code: str, request: Request, now: float) -> SiteState:
        site = next((site for site in await visible(request, now) if site.site == code), None)
        if site is None:
            raise HTTPException(404, f"Không có địa điểm {code!r}. / No site {code!r}.")
        return site

    @routes.get("")
    @requires(Action.SEE_BOARD)
    async def board(request: Request) -> Board:
        now = clock()
        return Board(now=now, sites=[_site(site) for site in await visible(request, now)])

    @routes.get("/sites/{code}/history")
    @requires(Action.SEE_BOARD)
    async def history(code: str, request: Request) -> History:
        now = clock()
        site = await one(code, request, now)
        until = int(now // 60) * 60 + 60
        times = list(range(until - HISTORY_MINUTES * 60, until, 60))
        lines = {line.line: await knowledge.line_history(line.line, times[0], until) for line in site.lines}
        nodes = {node.node: await knowledge.node_history(node.node, times[0], until) for node in site.nodes}
        return History(
            times=times,
            lines={line: _columns(points, times, LineMinutePoint) for line, points in lines.items()},
            nodes={node: _columns(points, times, NodeMinutePoint) for node, points in nodes.items()},
        )

    @routes.get("/sites/{code}/events", summary="Events of a site's nodes, the newest first")
    @requires(Action.SEE_BOARD)
    async def events(
        code: str,
        request: Request,
        since: Annotated[float | None, Query(description="Unix seconds; a week ago when not given")] = None,
        until: Annotated[float | None, Query(description="Unix seconds; now when not given")] = None,
        kind: Annotated[str, Query(max_length=64, description="that kind and those below it, e.g. power")] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62, description="id of the last one that is known")] = None,
    ) -> Events:
        now = clock()
        site = await one(code, request, now)
        begin, end = _span(since, until, now, 7 * DAY_SECONDS)
        found = await knowledge.site_events(site.site, begin, end, kind, before)
        return Events(now=now, events=[EventShown(**dataclasses.asdict(event)) for event in found])

    return routes


def _span(since: float | None, until: float | None, now: float, usual_seconds: float) -> tuple[float, float]:
    end = now + 1 if until is None else until
    return (end - usual_seconds if since is None else since), end


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
