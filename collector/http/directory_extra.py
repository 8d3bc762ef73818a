"""What is asked across nouns: search, the sites of a unit on a day, a site that moves, the nodes that stand there.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import and_, false, func, or_, select
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.rights import Action
from collector.directory import belonging, editing, listing, revoke_node, states
from collector.directory.changes import Change
from collector.directory.days import day_of
from collector.directory.draft import Draft
from collector.directory.listing import Question
from collector.directory.nouns import NOUNS
from collector.directory.states import tree
from collector.http import directory_problems
from collector.http.directory_answers import answer, require_match
from collector.http.directory_desk import Acting, Desk, Requires
from collector.http.directory_models import UnitKey
from collector.http.directory_objects import Closed, Cursor, Limit, Of, Search, Shelf, commit
from collector.http.directory_problems import responses
from collector.tables import Node, Site

MAX_HITS = 20
NODE_KEY = r"^[a-z0-9-]{1,16}$"
_PLACES = ("person", "site", "unit", "parent")


class Hit(BaseModel):
    """`title` is the name, or the number of a telephone; `at` names where it belongs."""

    noun: str
    key: str
    title: str
    at: str


class Hits(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [{"noun": "sites", "key": "xa-kim-xa", "title": "UBND xã Kim Xá", "at": "Vĩnh An"}],
                    "totals": {"sites": 1},
                }
            ]
        }
    )

    items: list[Hit]
    totals: dict[str, int] = Field(description="by noun: how many there are in all")


class BelongingShown(BaseModel):
    site: str
    name: str
    unit: str = Field(description="the unit that it belonged to on the day that was looked at")
    unit_name: str


class BelongingsShown(BaseModel):
    unit: str
    on: date
    items: list[BelongingShown]


class RightsShown(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"actions": ["board.see", "directory.read"]}]})

    actions: list[str] = Field(description="what the caller may do there")


class Move(BaseModel):
    """To that unit from that day; the unit until then is kept as the site's past."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"unit": "09079@2025-07-01", "on": "2025-07-01"}]}
    )

    unit: UnitKey
    on: date


class NodeShown(BaseModel):
    """A machine that runs an agent. Instants are Unix seconds by the hub's clock."""

    key: str
    site: str
    site_name: str
    hostname: str
    platform: str
    version: str
    enrolled_at: float
    revoked_at: float | None
    last_seen_at: float | None


class NodePage(BaseModel):
    items: list[NodeShown]
    total: int
    next: str | None


def add_extra_routes(router: APIRouter, desk: Desk, requires: Requires) -> None:
    _add_search(router, desk, requires)
    _add_belonging(router, desk, requires)
    _add_nodes(router, desk, requires)
    _add_rights(router, desk, requires)


def _add_search(router: APIRouter, desk: Desk, requires: Requires) -> None:
    @router.get(
        "/search",
        response_model=Hits,
        summary="Search all nouns without diacritics: code, name, telephone, contract number",
        responses=responses(),
        operation_id="search_directory",
    )
    @requires(Action.READ_DIRECTORY)
    async def search(
        request: Request,
        q: Annotated[str, Query(min_length=1, max_length=200)],
        limit: Annotated[int, Query(ge=1, le=MAX_HITS, description="of each noun")] = 8,
        closed: Closed = False,
    ) -> Response:
        question = Question(q, limit, today=None if closed else day_of(desk.clock()))

        def read(acting: Acting) -> Hits:
            hits, totals = [], {}
            for noun in NOUNS.values():
                page = listing.page(acting.session, noun, question, acting.sight)
                if page.total:
                    totals[noun.name] = page.total
                for item in page.items:
                    title = item.state["number" if noun.name == "telephones" else "name"]
                    at = next((item.names[name] for name in _PLACES if name in item.names), "")
                    hits.append(Hit(noun=noun.name, key=item.key, title=title, at=at))
            return Hits(items=hits, totals=totals)

        return answer(request, await desk.read(request, read))


def _add_belonging(router: APIRouter, desk: Desk, requires: Requires) -> None:
    sites = Shelf(NOUNS["sites"])

    @router.get(
        "/units/{key}/sites",
        response_model=BelongingsShown,
        summary="Sites of a unit and of all below it on a day, by the old unit or by the one that it became",
        responses=responses(404),
        operation_id="sites_of_unit",
    )
    @requires(Action.READ_DIRECTORY)
    async def of_unit(key: str, request: Request, on: date | None = None) -> Response:
        day = on or day_of(desk.clock())

        def read(acting: Acting) -> BelongingsShown:
            units, every = tree(acting.session)
            if key not in units:
                raise directory_problems.not_found("units", key)
            seen = set(acting.session.scalars(select(Site.code).where(acting.sight.where("sites"))))
            shown = [
                BelongingShown(
                    site=one.site, name=every[one.site]["name"], unit=one.unit, unit_name=units[one.unit]["name"]
                )
                for one in belonging.sites_of(units, every, key, day)
                if one.site in seen
            ]
            return BelongingsShown(unit=key, on=day, items=shown)

        return answer(request, await desk.read(request, read))

    @router.post(
        "/sites/{key}/move",
        response_model=sites.models.shown,
        summary="A site goes to another unit from a day; its past stays",
        responses=responses(404, 409, 412, 428),
        operation_id="move_site",
    )
    @requires(Action.WRITE_DIRECTORY)
    async def move(key: str, given: Move, request: Request) -> Response:
        def work(acting: Acting) -> tuple[BaseModel, list[Change]]:
            require_match(request, sites.one(acting, key))
            draft = Draft(acting.session)
            editing.move_site(draft, key, given.unit, given.on)
            made = commit(acting, draft)
            return sites.one(acting, key), made

        return answer(request, await desk.change(request, work))


def _add_nodes(router: APIRouter, desk: Desk, requires: Requires) -> None:
    @router.get(
        "/nodes",
        response_model=NodePage,
        summary="A page of nodes, searched",
        responses=responses(),
        operation_id="list_nodes",
    )
    @requires(Action.READ_DIRECTORY)
    async def every(
        request: Request,
        search: Search = "",
        limit: Limit = 50,
        cursor: Cursor = "",
        closed: Closed = False,
        site: Of = "",
    ) -> Response:
        def read(acting: Acting) -> NodePage:
            where = [acting.sight.where("nodes"), *listing.found_by(Node.__table__, search)]  # type: ignore[arg-type]
            if not closed:
                where.append(Node.revoked_at.is_(None))
            if site:
                where.append(Site.code == site if site.isprintable() else false())
            joined = select(Node, Site.code, Site.name).join(Site, Site.id == Node.site_id).where(*where)
            total = acting.session.scalar(select(func.count()).select_from(joined.subquery())) or 0
            if cursor:
                hostname, node = listing.read_cursor(cursor, str)
                joined = joined.where(or_(Node.hostname > hostname, and_(Node.hostname == hostname, Node.id > node)))
            rows = acting.session.execute(joined.order_by(Node.hostname, Node.id).limit(limit + 1)).all()
            items = [
                NodeShown(
                    key=node.id, site=code, site_name=name, hostname=node.hostname, platform=node.platform,
                    version=node.version, enrolled_at=node.enrolled_at, revoked_at=node.revoked_at,
                    last_seen_at=node.last_seen_at,
                )
                for node, code, name in rows[:limit]
            ]  # fmt: skip
            following = listing.cursor(items[-1].hostname, items[-1].key) if len(rows) > limit else None
            return NodePage(items=items, total=total, next=following)

        return answer(request, await desk.read(request, read))

    @router.post(
        "/nodes/{key}/revoke",
        status_code=204,
        summary="The node's key is worth nothing from now on; it cannot be undone, only enrolled again",
        responses=responses(404),
        operation_id="revoke_node",
    )
    @requires(Action.ENROL_NODES)
    async def revoke(key: Annotated[str, Path(pattern=NODE_KEY)], request: Request) -> Response:
        def work(acting: Acting) -> tuple[None, list[Change]]:
            seen = select(Node.id).where(Node.id == key, acting.sight.where("nodes", Action.ENROL_NODES))
            if acting.session.scalar(seen) is None or not revoke_node(acting.session, key, acting.now):
                raise directory_problems.not_found("nodes", key)
            acting.tell("node.revoked", f"node {key}")
            return None, []

        await desk.change(request, work)
        return Response(status_code=204)


def _add_rights(router: APIRouter, desk: Desk, requires: Requires) -> None:
    def add(noun: Literal["units", "sites"]) -> None:
        @router.get(
            f"/{noun}/{{key}}/rights",
            response_model=RightsShown,
            summary=f"What the caller may do at one of the {noun}",
            responses=responses(404),
            operation_id=f"rights_at_{noun}",
        )
        @requires(Action.READ_DIRECTORY)
        async def rights(key: str, request: Request) -> Response:
            def read(acting: Acting) -> RightsShown:
                row = states.find_rows(acting.session, NOUNS[noun], [key]).get(key)
                seen = row is not None and (noun == "units" or _sees_site(acting, row))
                if not seen:
                    raise directory_problems.not_found(noun, key)
                return RightsShown(actions=sorted(acting.sight.actions_at(noun, key)))

            return answer(request, await desk.read(request, read))

    add("units")
    add("sites")


def _sees_site(acting: Acting, row: int) -> bool:
    found = select(Site.id).where(Site.id == row, acting.sight.where("sites"))
    return acting.session.scalar(found) is not None
