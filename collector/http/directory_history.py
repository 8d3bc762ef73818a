"""What was changed, by whom, and taking it back: one change, or all of one batch.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.rights import Action
from collector.directory import changes, undoing
from collector.directory.changes import Change
from collector.directory.draft import Alteration
from collector.directory.listing import MAX_PAGE
from collector.directory.sight import Sight
from collector.http import directory_problems
from collector.http.directory_answers import answer
from collector.http.directory_desk import Acting, Desk, Requires
from collector.http.directory_problems import responses

NounName = Literal["units", "sites", "people", "lines", "devices", "telephones"]


class FieldShown(BaseModel):
    field: str
    before: Any = Field(description="null when the object is new")
    after: Any = Field(description="null when the object is gone")


class ChangeShown(BaseModel):
    """One change of one object."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 17, "at": 1790000040.0, "actor": "lan", "noun": "lines", "key": "xa-kim-xa-1",
                    "done": "changed", "fields": [{"field": "provider", "before": "", "after": "VNPT"}],
                    "batch": "0123456789abcdef", "undoes": None,
                }
            ]
        }
    )  # fmt: skip

    id: int
    at: float = Field(description="Unix seconds by the hub's clock")
    actor: str
    noun: str
    key: str
    done: Literal["added", "changed", "removed"]
    fields: list[FieldShown]
    batch: str = Field(description="what was done in one go has one batch")
    undoes: int | None = Field(description="the change that this one takes back")


class ChangesShown(BaseModel):
    """The newest first."""

    items: list[ChangeShown]
    next: int | None = Field(description="`before` of the next page; null at the end")


BATCH = r"^[0-9a-f]{1,32}$"

Before = Annotated[int | None, Query(ge=1, le=2**62, description="only changes with a lower number")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


def fields_shown(one: Alteration | Change) -> list[FieldShown]:
    before, after = one.before or {}, one.after or {}
    return [FieldShown(field=name, before=before.get(name), after=after.get(name)) for name in one.fields]


def done(one: Alteration | Change) -> Literal["added", "changed", "removed"]:
    return "added" if one.before is None else "removed" if one.after is None else "changed"


def changes_shown(found: Iterable[Change], sight: Sight) -> list[ChangeShown]:
    """Without those of telephone numbers that the person may not know."""
    return [
        ChangeShown(
            id=one.id, at=one.at, actor=one.actor, noun=one.noun, key=one.key, done=done(one),
            fields=fields_shown(one), batch=one.batch, undoes=one.undoes,
        )
        for one in found
        if all(sight.may_know(one.noun, state) for state in (one.before, one.after) if state is not None)
    ]  # fmt: skip


def page(found: Sequence[Change], limit: int, sight: Sight) -> ChangesShown:
    """`found`: one more than the page when there is more."""
    shown = found[:limit]
    return ChangesShown(items=changes_shown(shown, sight), next=shown[-1].id if len(found) > limit else None)


def add_history_routes(router: APIRouter, desk: Desk, requires: Requires) -> None:
    @router.get(
        "/changes",
        response_model=ChangesShown,
        summary="What was changed in the directory",
        responses=responses(),
        operation_id="list_changes",
    )
    @requires(Action.WRITE_DIRECTORY, everywhere=True)
    async def every(
        request: Request,
        noun: NounName | None = None,
        batch: Annotated[str | None, Query(pattern=BATCH)] = None,
        before: Before = None,
        limit: Limit = 50,
    ) -> Response:
        def read(acting: Acting) -> ChangesShown:
            found = changes.history(acting.session, noun=noun, batch=batch, before=before, limit=limit + 1)
            return page(found, limit, acting.sight)

        return answer(request, await desk.read(request, read))

    @router.post(
        "/changes/{number}/undo",
        response_model=ChangesShown,
        summary="Take one change back",
        responses=responses(404, 409),
        operation_id="undo_change",
    )
    @requires(Action.WRITE_DIRECTORY)
    async def undo(number: Annotated[int, Path(ge=1, le=2**31 - 1)], request: Request) -> Response:
        def work(acting: Acting) -> tuple[ChangesShown, list[Change]]:
            if not 0 < number < 2**62:
                raise directory_problems.not_found("changes", str(number))
            made = undoing.undo_change(
                acting.session, number, actor=acting.actor, now=acting.now, allowed=acting.sight.require_writable
            )
            return page(made, len(made), acting.sight), made

        return answer(request, await desk.change(request, work))

    @router.post(
        "/batches/{batch}/undo",
        response_model=ChangesShown,
        summary="Take back all that was done in one go: an import, a merger, a preset",
        responses=responses(404, 409),
        operation_id="undo_batch",
    )
    @requires(Action.WRITE_DIRECTORY, everywhere=True)
    async def undo_batch(batch: Annotated[str, Path(pattern=BATCH)], request: Request) -> Response:
        def work(acting: Acting) -> tuple[ChangesShown, list[Change]]:
            made = undoing.undo_batch(
                acting.session, batch, actor=acting.actor, now=acting.now, allowed=acting.sight.require_writable
            )
            return page(made[:MAX_PAGE], MAX_PAGE, acting.sight), made

        return answer(request, await desk.change(request, work))
