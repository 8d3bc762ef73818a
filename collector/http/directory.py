"""The directory's API, put together: `/api/v1/directory/…`."""

from __future__ import annotations

from fastapi import APIRouter

from collector.http.directory_desk import Desk, Requires
from collector.http.directory_extra import add_extra_routes
from collector.http.directory_files import add_file_routes
from collector.http.directory_history import add_history_routes
from collector.http.directory_mergers import add_merger_routes
from collector.http.directory_objects import PREFIX, add_noun_routes
from collector.http.directory_problems import ProblemRoute


def directory_router(desk: Desk, requires: Requires) -> APIRouter:
    """`requires` marks every route with what its caller must be allowed."""
    router = APIRouter(prefix=PREFIX, tags=["directory"], route_class=ProblemRoute)
    # Before the nouns: /units/{key} must not take what stands beside it.
    add_extra_routes(router, desk, requires)
    add_history_routes(router, desk, requires)
    add_file_routes(router, desk, requires)
    add_merger_routes(router, desk, requires)
    add_noun_routes(router, desk, requires)
    return router
