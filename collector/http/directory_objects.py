"""Routes of every noun: list, one, add, change, close, remove, history. One set for each entry of NOUNS.

No `from __future__ import annotations` here: the models of a noun are given to FastAPI as annotations.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.rights import Action
from collector.directory import changes, editing, listing
from collector.directory.changes import Change
from collector.directory.days import day_of
from collector.directory.draft import Draft
from collector.directory.listing import MAX_PAGE, Item, Question
from collector.directory.nouns import NOUNS, Noun
from collector.http import directory_problems
from collector.http.directory_answers import answer, require_match
from collector.http.directory_desk import Acting, Desk, Requires
from collector.http.directory_history import Before, ChangesShown, page
from collector.http.directory_models import FIELDS, changes_model, shown_model
from collector.http.directory_problems import responses
from collector.tables import Line

PREFIX = "/api/v1/directory"

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before")]
Search = Annotated[
    str, Query(max_length=200, description="words without diacritics: code, name, telephone, contract number")
]
Closed = Annotated[bool, Query(description="also what has ended")]
Of = Annotated[str, Query(max_length=80, description="only what refers to that key")]


class Closing(BaseModel):
    """From that day it is no more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2025-07-01"}]})

    on: date


@dataclass(frozen=True, slots=True)
class Models:
    """Of one noun: what is sent, what is changed, what is shown, and a page of it."""

    fields: Any
    changes: Any
    shown: Any
    page: Any


def models_of(noun: Noun) -> Models:
    fields = FIELDS[noun.name]
    shown = shown_model(fields)
    pages: type[BaseModel] = create_model(
        f"{shown.__name__}Page",
        items=(list[shown], ...),  # type: ignore[valid-type]
        total=(int, Field(description="of all pages")),
        next=(str | None, Field(description="the cursor of the next page; null at the end")),
    )
    fixed = tuple(one.name for one in noun.fields if one.fixed)
    return Models(fields, changes_model(fields, fixed), shown, pages)


class Shelf:
    """One noun as requests see it."""

    def __init__(self, noun: Noun) -> None:
        self.noun = noun
        self.models = models_of(noun)

    def shown(self, session: Session, items: list[Item]) -> list[BaseModel]:
        measuring: dict[str, str | None] = {}
        if self.noun.name == "lines":
            codes = [item.key for item in items]
            rows = session.execute(select(Line.code, Line.measured_by).where(Line.code.in_(codes)))
            measuring = {row.code: row.measured_by for row in rows}
        return [
            self.models.shown.model_validate(
                {**item.state, "key": item.key, "names": dict(item.names), "measured_by": measuring.get(item.key)}
            )
            for item in items
        ]

    def one(self, acting: Acting, key: str) -> BaseModel:
        """Raises ProblemError 404 also for what the person may not see."""
        item = listing.one(acting.session, self.noun, key, acting.sight)
        if item is None:
            raise directory_problems.not_found(self.noun.name, key)
        return self.shown(acting.session, [item])[0]

    def page(self, acting: Acting, question: Question) -> BaseModel:
        found = listing.page(acting.session, self.noun, question, acting.sight)
        items = self.shown(acting.session, found.items)
        answered: BaseModel = self.models.page(items=items, total=found.total, next=found.next)
        return answered

    def texts(self, given: BaseModel) -> dict[str, str]:
        """What was sent, as the text that every way in goes through; only what was sent."""
        values = given.model_dump(mode="json", exclude_unset=True)
        return {
            name: "" if value is None or value == "" else self.noun.field(name).kind.write(value)
            for name, value in values.items()
        }


def commit(acting: Acting, draft: Draft) -> list[Change]:
    """Raises NotYoursError, RefusedError."""
    acting.sight.require_writable(draft)
    return editing.commit(draft, actor=acting.actor, now=acting.now)


def add_noun_routes(router: APIRouter, desk: Desk, requires: Requires) -> None:
    for noun in NOUNS.values():
        shelf = Shelf(noun)
        _add_reading(router, desk, requires, shelf)
        _add_writing(router, desk, requires, shelf)
        if any(field.name == "valid_to" for field in noun.fields):
            _add_closing(router, desk, requires, shelf)


def _add_reading(router: APIRouter, desk: Desk, requires: Requires, shelf: Shelf) -> None:
    noun, models = shelf.noun, shelf.models
    refers = {field.name for field in noun.fields if field.refers}

    async def many(request: Request, question: Question) -> Response:
        return answer(request, await desk.read(request, lambda acting: shelf.page(acting, question)))

    async def every(
        request: Request,
        search: Search = "",
        limit: Limit = 50,
        cursor: Cursor = "",
        closed: Closed = False,
        unit: Of = "",
        site: Of = "",
        parent: Of = "",
        person: Of = "",
    ) -> Response:
        asked = {"unit": unit, "site": site, "parent": parent, "person": person}
        where = {name: key for name, key in asked.items() if key and name in refers}
        today = None if closed else day_of(desk.clock())
        return await many(request, Question(search, limit, cursor, today, where))

    router.add_api_route(
        f"/{noun.name}",
        requires(Action.READ_DIRECTORY)(every),
        methods=["GET"],
        response_model=models.page,
        summary=f"A page of {noun.name}, searched",
        responses=responses(),
        operation_id=f"list_{noun.name}",
    )

    @router.get(
        f"/{noun.name}/{{key}}",
        response_model=models.shown,
        summary=f"One {noun.en}",
        responses=responses(404),
        operation_id=f"get_{noun.name}",
    )
    @requires(Action.READ_DIRECTORY)
    async def one(key: str, request: Request) -> Response:
        return answer(request, await desk.read(request, lambda acting: shelf.one(acting, key)))

    @router.get(
        f"/{noun.name}/{{key}}/history",
        response_model=ChangesShown,
        summary=f"What was changed of a {noun.en}",
        responses=responses(404),
        operation_id=f"history_{noun.name}",
    )
    @requires(Action.READ_DIRECTORY)
    async def history(key: str, request: Request, before: Before = None, limit: Limit = 50) -> Response:
        def read(acting: Acting) -> ChangesShown:
            shelf.one(acting, key)
            found = changes.history(acting.session, noun=noun.name, key=key, before=before, limit=limit + 1)
            return page(found, limit, acting.sight)

        return answer(request, await desk.read(request, read))


def _add_writing(router: APIRouter, desk: Desk, requires: Requires, shelf: Shelf) -> None:
    noun, models = shelf.noun, shelf.models
    fields_model, changes_model_ = models.fields, models.changes

    @router.post(
        f"/{noun.name}",
        response_model=models.shown,
        status_code=201,
        summary=f"Add a {noun.en}",
        responses=responses(),
        operation_id=f"add_{noun.name}",
    )
    @requires(Action.WRITE_DIRECTORY)
    async def create(given: fields_model, request: Request) -> Response:  # type: ignore[valid-type]
        def work(acting: Acting) -> tuple[tuple[str, BaseModel], list[Change]]:
            draft = Draft(acting.session)
            key = editing.create(draft, noun.name, shelf.texts(given))
            made = commit(acting, draft)
            return (key, shelf.one(acting, key)), made

        key, shown = await desk.change(request, work)
        return answer(request, shown, 201, f"{PREFIX}/{noun.name}/{key}")

    @router.patch(
        f"/{noun.name}/{{key}}",
        response_model=models.shown,
        summary=f"Change fields of a {noun.en}; null empties one",
        responses=responses(404, 409, 412, 428),
        operation_id=f"change_{noun.name}",
    )
    @requires(Action.WRITE_DIRECTORY)
    async def change(key: str, given: changes_model_, request: Request) -> Response:  # type: ignore[valid-type]
        def work(acting: Acting) -> tuple[BaseModel, list[Change]]:
            require_match(request, shelf.one(acting, key))
            draft = Draft(acting.session)
            editing.update(draft, noun.name, key, shelf.texts(given))
            made = commit(acting, draft)
            return shelf.one(acting, key), made

        return answer(request, await desk.change(request, work))

    @router.delete(
        f"/{noun.name}/{{key}}",
        status_code=204,
        summary=f"Remove a {noun.en} that nothing refers to; otherwise end it",
        responses=responses(404, 409, 412, 428),
        operation_id=f"remove_{noun.name}",
    )
    @requires(Action.WRITE_DIRECTORY)
    async def remove(key: str, request: Request) -> Response:
        def work(acting: Acting) -> tuple[None, list[Change]]:
            require_match(request, shelf.one(acting, key))
            draft = Draft(acting.session)
            editing.remove(draft, noun.name, key)
            return None, commit(acting, draft)

        await desk.change(request, work)
        return Response(status_code=204)


def _add_closing(router: APIRouter, desk: Desk, requires: Requires, shelf: Shelf) -> None:
    noun = shelf.noun

    @router.post(
        f"/{noun.name}/{{key}}/close",
        response_model=shelf.models.shown,
        summary=f"End a {noun.en} on a day; its past stays",
        responses=responses(404, 409, 412, 428),
        operation_id=f"close_{noun.name}",
    )
    @requires(Action.WRITE_DIRECTORY)
    async def close(key: str, closing: Closing, request: Request) -> Response:
        def work(acting: Acting) -> tuple[BaseModel, list[Change]]:
            require_match(request, shelf.one(acting, key))
            draft = Draft(acting.session)
            editing.close(draft, noun.name, key, closing.on)
            made = commit(acting, draft)
            return shelf.one(acting, key), made

        return answer(request, await desk.change(request, work))
