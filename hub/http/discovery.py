"""GET /api/v1/sd/…: Prometheus' HTTP service discovery, as far as the caller's charge reaches.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from collector.accounts.rights import Action
from collector.directory import DirectoryView
from exporters import discovery
from exporters.discovery import TargetGroup
from hub.http.principal import principal_of
from hub.http.rights import requires
from hub.http.rights_tree import Places

PATH = "/api/v1/sd"
Port = Annotated[int | None, Query(ge=1, le=65535, description="added to each target")]


class Group(BaseModel):
    targets: list[str]
    labels: dict[str, str]


def router(view: Callable[[], DirectoryView], places: Places, hub_site: str, hub_url: str) -> APIRouter:
    """`hub_url`: as people know it; `hub_site`: where that machine stands."""
    routes = APIRouter(prefix=PATH, tags=["metrics"])

    async def seen(request: Request, groups: Iterable[TargetGroup]) -> list[Group]:
        principal, tree = principal_of(request), await places.tree()
        return [
            Group(targets=[group.target], labels=group.labels)
            for group in groups
            if principal.may_at_site(Action.DISCOVER_TARGETS, group.labels["site"], tree)
        ]

    @routes.get("/nodes")
    @requires(Action.DISCOVER_TARGETS)
    async def nodes(request: Request, port: Port = None) -> list[Group]:
        return await seen(request, discovery.nodes(view(), port))

    @routes.get("/devices")
    @requires(Action.DISCOVER_TARGETS)
    async def devices(request: Request, port: Port = None) -> list[Group]:
        return await seen(request, discovery.devices(view(), port))

    @routes.get("/blackbox")
    @requires(Action.DISCOVER_TARGETS)
    async def blackbox(request: Request) -> list[Group]:
        return await seen(request, discovery.blackbox(view(), hub_site, hub_url))

    return routes
