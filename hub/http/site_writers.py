"""Programs of others that write samples for a site: tokens made, listed, taken back.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from agent.wire.configuration import WRITE_PATH
from collector import audit
from collector.accounts.rights import Action
from collector.directory import DirectoryError, writers
from collector.directory.writers import MAX_NAME_LETTERS, Writer
from collector.tables import Site
from hub.configuration import Configuration
from hub.http.principal import address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import requires
from hub.http.rights_tree import Places
from hub.http.sign_in import SignIns
from hub.http.site_sheet import HubAddress


class NewWriter(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "vmagent của VNPT"}]})

    name: str = Field(min_length=1, max_length=MAX_NAME_LETTERS)


class WriterShown(BaseModel):
    """Instants are Unix seconds. `last_write_at`: null before the first."""

    id: str
    site: str
    name: str
    created_at: float
    last_write_at: float | None


class MadeWriter(WriterShown):
    """`token` is shown this once; it goes as a bearer token with each remote write to `url`."""

    token: str
    url: str
    ca_sha256: str | None


def router(
    sign_ins: SignIns,
    places: Places,
    configuration: Configuration,
    ca_sha256: str | None,
    refresh: Callable[[], Awaitable[None]],
) -> APIRouter:
    """`refresh`: asked for after each change, so that a token is good or gone at once."""
    routes = APIRouter(prefix="/api/v1/sites/{site}/writers", tags=["nodes"])
    address = HubAddress(configuration)

    async def refuse_foreign(request: Request, site: str) -> None:
        if not principal_of(request).may_at_site(Action.ENROL_NODES, site, await places.tree()):
            raise RefusedError(
                403, "rights", f"Bạn không phụ trách địa điểm {site!r}. / Site {site!r} is not in your charge."
            )

    @routes.get("")
    @requires(Action.ENROL_NODES)
    async def listed(site: str, request: Request) -> list[WriterShown]:
        await refuse_foreign(request, site)
        found = await sign_ins.transaction(lambda session: writers.listed(session, Site.code == site))
        return [_shown(one) for one in found]

    @routes.post("", status_code=201)
    @requires(Action.ENROL_NODES)
    async def make(site: str, new: NewWriter, request: Request) -> MadeWriter:
        await refuse_foreign(request, site)
        now, name = sign_ins.clock(), principal_of(request).name

        def work(session: Session) -> tuple[Writer, str]:
            made, token = writers.issue(session, site, new.name, now)
            detail = {"writer": made.id, "name": made.name}
            audit.record(session, name, "writer.token_issued", site, detail, now=now, address=address_of(request))
            return made, token

        try:
            made, token = await sign_ins.transaction(work)
        except DirectoryError as error:
            raise RefusedError(422, "refused", str(error)) from None
        await refresh()
        url = await asyncio.to_thread(address.url, request)
        return MadeWriter(**_shown(made).model_dump(), token=token, url=f"{url}{WRITE_PATH}", ca_sha256=ca_sha256)

    @routes.delete("/{writer}", status_code=204)
    @requires(Action.ENROL_NODES)
    async def revoke(site: str, writer: Annotated[str, Path(max_length=16)], request: Request) -> None:
        await refuse_foreign(request, site)
        now, name = sign_ins.clock(), principal_of(request).name

        def work(session: Session) -> bool:
            there = {one.id for one in writers.listed(session, Site.code == site)}
            if writer not in there or not writers.revoke(session, writer, now):
                return False
            detail = {"writer": writer}
            audit.record(session, name, "writer.token_revoked", site, detail, now=now, address=address_of(request))
            return True

        if not await sign_ins.transaction(work):
            raise RefusedError(404, "unknown", "Không có nguồn này. / There is no such writer.")
        await refresh()

    return routes


def _shown(one: Writer) -> WriterShown:
    return WriterShown(
        id=one.id, site=one.site, name=one.name, created_at=one.created_at, last_write_at=one.last_write_at
    )
