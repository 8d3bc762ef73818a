"""The board's API: sites as they are now, and the last hour of one of them. Each caller sees their own sites only."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from collector.accounts.rights import Action
from collector.directory.days import day_of
from collector.events import EventRecord
from collector.history import EpisodeRecord, LineMinutePoint, NodeMinutePoint
from collector.reports.model import DayFigures
from collector.snapshot import CollectorSnapshot, FilesystemReading, NodeState, SiteState
from hub.http.principal import principal_of
from hub.http.rights import requires
from hub.http.rights_tree import Places

HISTORY_MINUTES = 60
MOST_MINUTES = 24 * 60
MOST_DAYS = 400
DAY_SECONDS = 86400.0
_LAST_SECOND = 4e9
Since = Annotated[float | None, Query(ge=0, le=_LAST_SECOND, description="Unix seconds")]
Until = Annotated[float | None, Query(ge=0, le=_LAST_SECOND, description="Unix seconds; now when not given")]
OUTAGES_EXAMPLE: dict[str, Any] = {
    "now": 1790000400.0,
    "outages": [
        {
            "line": "xa-kim-xa-1",
            "began": 1790000040,
            "ended": 1790000280,
            "state": "down",
            "cause": "provider",
            "evidence": {
                "vi": "Cổng mạng trả lời, chặng đầu nhà mạng không trả lời, 6/7 xã cùng nhà mạng bình thường",
                "en": "The gateway answers, the provider's first hop does not answer, "
                "6 of 7 sites of the same provider are normal",
            },
            "revised_at": None,
        }
    ],
}
DAYS_EXAMPLE: dict[str, Any] = {
    "now": 1790000400.0,
    "lines": {
        "xa-kim-xa-1": [
            {
                "day": "2026-09-21",
                "minutes": 1440,
                "lost_minutes": 4,
                "availability": 0.9972,
                "loss": 0.0031,
                "rtt_mean": 0.011,
                "rtt_p95": 0.024,
            }
        ]
    },
}
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

    async def line_outages(self, lines: Iterable[str], since: float, until: float) -> list[EpisodeRecord]: ...

    async def line_days(
        self, lines: Iterable[str], since: date, until: date
    ) -> dict[str, tuple[DayFigures, ...]]: ...

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
    lines: dict[str, dict[str, list[float | int | str | None]]]
    nodes: dict[str, dict[str, list[float | int | str | None]]]


class OutageShown(BaseModel):
    """Unix seconds; `ended` null: it is not over. `state`: the worst of it. `evidence`: by language."""

    line: str
    began: int
    ended: int | None
    state: str
    cause: str
    evidence: dict[str, str]
    revised_at: float | None


class Outages(BaseModel):
    """The latest first, at most 2,000. `down` and `no_data` are outages, `weak` and `bad` trouble without one."""

    model_config = ConfigDict(json_schema_extra={"examples": [OUTAGES_EXAMPLE]})

    now: float
    outages: list[OutageShown]


class DayShown(BaseModel):
    """Ratios 0..1, times in seconds; null where nothing was measured."""

    day: date
    minutes: int
    lost_minutes: int
    availability: float | None
    loss: float | None
    rtt_mean: float | None
    rtt_p95: float | None


class Days(BaseModel):
    """By line, in order of time; a day without a measured minute may be missing."""

    model_config = ConfigDict(json_schema_extra={"examples": [DAYS_EXAMPLE]})

    now: float
    lines: dict[str, list[DayShown]]


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
    async def history(
        code: str,
        request: Request,
        minutes: Annotated[int, Query(ge=1, le=MOST_MINUTES, description="how many, up to now")] = HISTORY_MINUTES,
    ) -> History:
        now = clock()
        site = await one(code, request, now)
        until = int(now // 60) * 60 + 60
        times = list(range(until - minutes * 60, until, 60))
        lines = {line.line: await knowledge.line_history(line.line, times[0], until) for line in site.lines}
        nodes = {node.node: await knowledge.node_history(node.node, times[0], until) for node in site.nodes}
        return History(
            times=times,
            lines={line: _columns(points, times, LineMinutePoint) for line, points in lines.items()},
            nodes={node: _columns(points, times, NodeMinutePoint) for node, points in nodes.items()},
        )

    @routes.get("/sites/{code}/outages", summary="When a site's lines were not good, whose fault it was, and why")
    @requires(Action.SEE_BOARD)
    async def outages(code: str, request: Request, since: Since = None, until: Until = None) -> Outages:
        now = clock()
        site = await one(code, request, now)
        begin, end = _span(since, until, now, 30 * DAY_SECONDS)
        found = await knowledge.line_outages([line.line for line in site.lines], begin, end)
        return Outages(now=now, outages=[OutageShown(**dataclasses.asdict(episode)) for episode in found])

    @routes.get("/sites/{code}/days", summary="A site's lines by day: availability, loss, delay")
    @requires(Action.SEE_BOARD)
    async def days(
        code: str,
        request: Request,
        days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="how many, today included")] = 30,
    ) -> Days:
        now = clock()
        site = await one(code, request, now)
        tomorrow = day_of(now) + timedelta(days=1)
        found = await knowledge.line_days(
            [line.line for line in site.lines], tomorrow - timedelta(days=days), tomorrow
        )
        return Days(
            now=now,
            lines={line: [DayShown(**dataclasses.asdict(day)) for day in some] for line, some in found.items()},
        )

    @routes.get("/sites/{code}/events", summary="Events of a site's nodes, the newest first")
    @requires(Action.SEE_BOARD)
    async def events(
        code: str,
        request: Request,
        since: Since = None,
        until: Until = None,
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
) -> dict[str, list[float | int | str | None]]:
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
