"""The audit log for whoever may read it: newest first, and whole as JSON and CSV."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import Request
from starlette.responses import StreamingResponse

from collector import audit
from collector.accounts.rights import Action
from collector.audit import export
from hub.http.principal import address_of, principal_of
from hub.http.rights import requires
from hub.http.sign_in import SignIns

PAGE = 100


class Entry(BaseModel):
    """`at` in Unix seconds."""

    seq: int
    at: float
    actor: str
    address: str
    action: str
    object: str
    detail: dict[str, Any]
    hash: str


class Page(BaseModel):
    """`before`: give it to get the next page; null on the last."""

    entries: list[Entry]
    before: int | None


class Proof(BaseModel):
    entries: int
    problem: str


def router(sign_ins: SignIns, sessions: sessionmaker[Session], head: audit.HeadFile) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/audit", tags=["audit"])

    @routes.get("")
    @requires(Action.READ_AUDIT, everywhere=True)
    async def latest(
        before: int | None = Query(default=None, ge=1, le=2**62),
        actor: str = Query(default="", max_length=100),
        action: str = Query(default="", max_length=64),
    ) -> Page:
        found = await sign_ins.transaction(
            lambda session: audit.latest(session, PAGE, before=before, actor=actor, action=action)
        )
        return Page(
            entries=[
                Entry(
                    seq=one.seq,
                    at=one.at,
                    actor=one.actor,
                    address=one.address,
                    action=one.action,
                    object=one.object,
                    detail=dict(one.detail),
                    hash=one.hash,
                )
                for one in found
            ],
            before=found[-1].seq if len(found) == PAGE else None,
        )

    @routes.get("/proof")
    @requires(Action.READ_AUDIT, everywhere=True)
    async def proof() -> Proof:
        """Reads the whole log and proves its chain."""
        verdict = await sign_ins.transaction(lambda session: audit.verify(session, head))
        return Proof(entries=verdict.entries, problem=verdict.problem)

    async def exported(request: Request, name: str) -> None:
        who = principal_of(request).name
        await sign_ins.transaction(
            lambda session: audit.record(
                session, who, "audit.exported", name, now=sign_ins.clock(), address=address_of(request)
            )
        )

    @routes.get("/export.json", response_class=StreamingResponse)
    @requires(Action.READ_AUDIT, everywhere=True)
    async def as_json(request: Request) -> StreamingResponse:
        await exported(request, "json")
        return _download(export.as_json(_entries(sessions)), "application/json", "nhat-ky.json")

    @routes.get("/export.csv", response_class=StreamingResponse)
    @requires(Action.READ_AUDIT, everywhere=True)
    async def as_csv(request: Request) -> StreamingResponse:
        await exported(request, "csv")
        return _download(export.as_csv(_entries(sessions)), "text/csv; charset=utf-8", "nhat-ky.csv")

    return routes


def _entries(sessions: sessionmaker[Session]) -> Iterator[audit.Entry]:
    with sessions() as session:
        yield from audit.entries(session)


def _download(pieces: Iterator[str], media_type: str, name: str) -> StreamingResponse:
    # A synchronous iterator: Starlette reads it in threads.
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
