"""Presets and mergers of units: dry run first, in one batch, undone in one go.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from collector import presets
from collector.accounts.rights import Action
from collector.directory import merging
from collector.directory.draft import Draft
from collector.directory.failure import Problem, RefusedError
from collector.directory.files.sheet import BadCell
from collector.directory.importing import Plan
from collector.directory.rules import problems
from collector.http.directory_answers import answer
from collector.http.directory_desk import Acting, Desk, Requires
from collector.http.directory_files import DryRun
from collector.http.directory_models import UnitFields, UnitKey
from collector.http.directory_plans import PlanShown, carry_out
from collector.http.directory_problems import responses
from collector.http.problems import malformed


class PresetShown(BaseModel):
    name: str
    title_vi: str
    title_en: str
    source_vi: str
    source: str


class PresetsShown(BaseModel):
    items: list[PresetShown]


class Merger(BaseModel):
    """Old units become one on a day: `into` names a unit that is there, `new` makes one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "old": ["09079@2019-09-01", "09082@2019-09-01"], "on": "2025-07-01",
                    "new": {"code": "09079", "valid_from": "2025-07-01", "name": "Vĩnh An", "kind": "xa"},
                }
            ]
        },
    )  # fmt: skip

    old: Annotated[list[UnitKey], Field(min_length=1, max_length=200)]
    on: date
    into: UnitKey | None = None
    new: UnitFields | None = None


def add_merger_routes(router: APIRouter, desk: Desk, requires: Requires) -> None:
    _add_presets(router, desk, requires)
    _add_mergers(router, desk, requires)


def _add_presets(router: APIRouter, desk: Desk, requires: Requires) -> None:
    @router.get(
        "/presets",
        response_model=PresetsShown,
        summary="Trees of units to begin with",
        responses=responses(),
        operation_id="list_presets",
    )
    @requires(Action.READ_DIRECTORY)
    async def every(request: Request) -> Response:
        shown = [
            PresetShown(
                name=one.name,
                title_vi=one.title_vi,
                title_en=one.title_en,
                source_vi=one.source_vi,
                source=one.source,
            )
            for one in await asyncio.to_thread(presets.presets)
        ]
        return answer(request, PresetsShown(items=shown))

    @router.post(
        "/presets/{name}",
        response_model=PlanShown,
        summary="Lay a preset over the directory; a dry run unless told otherwise",
        responses=responses(404, 409),
        operation_id="load_preset",
    )
    @requires(Action.WRITE_DIRECTORY, everywhere=True)
    async def load(
        name: str,
        request: Request,
        dry_run: DryRun = True,
        with_sites: Annotated[bool, Query(description="one site for each unit, where the preset has them")] = True,
    ) -> Response:
        def make(acting: Acting) -> Plan:
            return presets.plan(acting.session, name, with_sites=with_sites)

        return answer(request, await carry_out(desk, request, dry_run, make))


def _add_mergers(router: APIRouter, desk: Desk, requires: Requires) -> None:
    @router.post(
        "/mergers",
        response_model=PlanShown,
        summary="Units end, another takes their place, sites move with their past; a dry run unless told otherwise",
        responses=responses(404, 409),
        operation_id="merge_units",
    )
    @requires(Action.WRITE_DIRECTORY, everywhere=True)
    async def merge(given: Merger, request: Request, dry_run: DryRun = True) -> Response:
        if (given.into is None) == (given.new is None):
            raise malformed("Cần «into» hoặc «new». / Give either “into” or “new”.")

        def make(acting: Acting) -> Plan:
            found = Plan(Draft(acting.session), "")
            try:
                merging.merge(found.draft, given.old, _into(given), given.on)
            except RefusedError as error:
                found.bad = [_bad(one) for one in error.problems]
                return found
            found.alterations = list(found.draft.alterations())
            found.bad = [_bad(one) for one in problems(found.draft)]
            return found

        return answer(request, await carry_out(desk, request, dry_run, make))


def _into(given: Merger) -> str | dict[str, str]:
    if given.into is not None:
        return given.into
    assert given.new is not None
    values = given.new.model_dump(mode="json", exclude_unset=True)
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _bad(one: Problem) -> BadCell:
    return BadCell(one.noun, 0, one.field or "code", one.key, one.message)
