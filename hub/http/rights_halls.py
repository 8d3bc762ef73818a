"""Halls without accounts: links that sign a hall's PC in as its site; made, listed and revoked per site."""

import segno
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from collector import accounts, audit
from collector.accounts import site_access
from collector.accounts.rights import Action
from collector.accounts.sign_ins import end
from hub.http.principal import address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import public, requires
from hub.http.rights_tree import Places
from hub.http.row_numbers import RowNumber
from hub.http.sign_in import COOKIE, SignIns, hall_principal
from hub.http.sign_in_routes import Person, person_of

LINK_PATH = "/vao"


class NewAccess(BaseModel):
    label: str = Field(default="", max_length=100, examples=["Máy hội trường tầng 2"])


class Access(BaseModel):
    """Instants in Unix seconds."""

    id: int
    site: str
    label: str
    created_at: float
    created_by: str
    last_used_at: float | None
    last_address: str | None


class MadeAccess(BaseModel):
    """`link` is shown this once. What follows # stays in the browser: it reaches no log on the way.

    `qr`: an SVG image of it (data: address).
    """

    link: str
    qr: str
    record: Access


class HallToken(BaseModel):
    token: str = Field(min_length=20, max_length=100)


def router(sign_ins: SignIns, places: Places) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", tags=["halls"])
    clock = sign_ins.clock

    async def refuse_foreign(request: Request, site: str) -> None:
        if not principal_of(request).may_at_site(Action.OPEN_SITE_ACCESS, site, await places.tree()):
            raise RefusedError(
                403, "rights", f"Bạn không phụ trách địa điểm {site!r}. / Site {site!r} is not in your charge."
            )

    @routes.get("/halls/{site}/access")
    @requires(Action.OPEN_SITE_ACCESS)
    async def listed(site: str, request: Request) -> list[Access]:
        await refuse_foreign(request, site)
        return await sign_ins.transaction(lambda session: [_access(one) for one in site_access.listed(session, site)])

    @routes.post("/halls/{site}/access", status_code=201)
    @requires(Action.OPEN_SITE_ACCESS)
    async def make(site: str, new: NewAccess, request: Request) -> MadeAccess:
        await refuse_foreign(request, site)
        name = principal_of(request).name

        def work(session: Session) -> tuple[str, site_access.SiteAccess]:
            made = site_access.open_access(session, site, new.label, clock(), name)
            detail = {"access": made[1].id, "label": made[1].label}
            audit.record(session, name, "hall.access_made", site, detail, now=clock(), address=address_of(request))
            return made

        try:
            token, record = await sign_ins.transaction(work)
        except accounts.AccountError as error:
            raise RefusedError(422, "access", str(error)) from None
        host = request.headers.get("host", request.url.netloc)
        link = f"{request.url.scheme}://{host}{LINK_PATH}#{token}"
        qr = segno.make(link, error="m").svg_data_uri(scale=5, border=4)
        return MadeAccess(link=link, qr=qr, record=_access(record))

    @routes.delete("/halls/{site}/access/{access_id}", status_code=204)
    @requires(Action.OPEN_SITE_ACCESS)
    async def revoke(site: str, access_id: RowNumber, request: Request) -> None:
        await refuse_foreign(request, site)
        name = principal_of(request).name

        def work(session: Session) -> None:
            site_access.revoke(session, site, access_id, clock())
            detail = {"access": access_id}
            audit.record(session, name, "hall.access_revoked", site, detail, now=clock(), address=address_of(request))

        try:
            await sign_ins.transaction(work)
        except accounts.AccountError as error:
            raise RefusedError(404, "unknown", str(error)) from None

    @routes.post("/hall-session")
    @public("the token of the link is 256 random bits")
    async def enter(given: HallToken, request: Request, response: Response) -> Person:
        principal = await sign_ins.identify(request)

        def work(session: Session) -> site_access.Hall | None:
            hall = site_access.find(session, given.token, clock(), address_of(request))
            if hall is not None:
                if principal is not None and principal.sign_in_id:
                    # Whoever set the PC up does not stay signed in at it.
                    end(session, principal.sign_in_id, clock(), "became a hall")
                detail = {"access": hall.access}
                actor = f"hall:{hall.site}"
                audit.record(
                    session, actor, "sign_in.hall", hall.site, detail, now=clock(), address=address_of(request)
                )
            return hall

        hall = await sign_ins.transaction(work)
        if hall is None:
            raise RefusedError(
                401,
                "link",
                "Liên kết không đúng hoặc đã bị thu hồi; hỏi bộ phận kỹ thuật liên kết mới. / "
                "The link is wrong or was revoked; ask the technicians for a new one.",
            )
        response.delete_cookie(COOKIE)
        sign_ins.set_hall_cookie(response, given.token)
        return person_of(hall_principal(hall))

    return routes


def _access(record: site_access.SiteAccess) -> Access:
    return Access(
        id=record.id,
        site=record.site,
        label=record.label,
        created_at=record.created_at,
        created_by=record.created_by,
        last_used_at=record.last_used_at,
        last_address=record.last_address,
    )
