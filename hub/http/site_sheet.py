"""Adding a machine at a site: a one-time token, the one line that installs with it, and what its printed sheet shows.

The token stands in the address that the sheet's QR code holds behind `#`: browsers send nothing of that to anybody.
"""

import asyncio
from collections.abc import Callable

import segno
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from agent.wire.enrolment import EnrolmentToken
from collector import audit, directory
from collector.accounts.rights import Action
from collector.directory.nodes import key_hash
from hub import setup
from hub.configuration import Configuration
from hub.http.principal import address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import public, requires
from hub.http.rights_tree import Places
from hub.http.sign_in import SignIns
from hub.node_package import tokens
from hub.node_package.index import PackageIndex
from hub.node_package.one_line import install_line, uninstall_line

INSTALL_PATH = "/cai-dat"
TOKEN_PLACE = "TOKEN"  # noqa: S105 - stands where a token goes
MAX_DAYS = 30
DAY_SECONDS = 86400.0


class NewToken(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"days": 7}]})

    days: int = Field(default=1, ge=1, le=MAX_DAYS, description="how long it is good; a sheet travels for days")


class TokenShown(BaseModel):
    """Instants in Unix seconds. `node` and `hostname`: the machine that used it."""

    id: str
    created_at: float
    expires_at: float
    used_at: float | None
    node: str | None
    hostname: str | None


class InstallLine(BaseModel):
    """What a machine of a site needs: the hub's address as it reaches it, and the lines for its shell.

    `ca_sha256`: the fingerprint of the hub's own certificate authority, null when it serves plain HTTP.
    `telephone`: of the hub, empty when none is configured. `only_here`: the hub serves its own machine only.
    `has_packages`: whether the hub holds what the line installs.
    """

    hub: str
    line: str
    uninstall: str
    ca_sha256: str | None
    telephone: str
    only_here: bool
    has_packages: bool


class MadeToken(InstallLine):
    """`token` is shown this once; `qr` is an SVG image (data: address) of `link`."""

    token: str
    link: str
    qr: str
    record: TokenShown


class HubAddress:
    """The hub's address as machines of sites reach it."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def url(self, request: Request) -> str:
        """The one that the asking browser uses, when it is one of the hub's own that others can reach."""
        configuration = self._configuration
        if configuration.is_local:
            return configuration.local_url
        host = request.url.hostname or ""
        own = [*configuration.hub.names, *setup.lan_addresses()]
        if host in own:
            return f"https://{request.headers.get('host', request.url.netloc)}"
        name = own[0] if own else "127.0.0.1"
        return f"https://{f'[{name}]' if ':' in name else name}:{configuration.hub.port}"


def router(
    sign_ins: SignIns, places: Places, configuration: Configuration, ca_sha256: str | None, packages: PackageIndex
) -> APIRouter:
    routes = APIRouter(prefix="/api/v1", tags=["nodes"])
    address = HubAddress(configuration)
    clock: Callable[[], float] = sign_ins.clock

    async def refuse_foreign(request: Request, site: str) -> None:
        if not principal_of(request).may_at_site(Action.ENROL_NODES, site, await places.tree()):
            raise RefusedError(
                403, "rights", f"Bạn không phụ trách địa điểm {site!r}. / Site {site!r} is not in your charge."
            )

    async def lines(request: Request, token: str) -> InstallLine:
        hub = await asyncio.to_thread(address.url, request)
        return InstallLine(
            hub=hub,
            line=install_line(hub, token, ca_sha256),
            uninstall=uninstall_line(),
            ca_sha256=ca_sha256,
            telephone=configuration.hub.telephone,
            only_here=configuration.is_local,
            has_packages=bool(packages.packages),
        )

    @routes.get("/install-line")
    @public("what the page behind a sheet's QR code shows; it holds no token")
    async def install(request: Request) -> InstallLine:
        return await lines(request, TOKEN_PLACE)

    @routes.get("/sites/{site}/enrolment-tokens")
    @requires(Action.ENROL_NODES)
    async def listed(site: str, request: Request) -> list[TokenShown]:
        await refuse_foreign(request, site)
        found = await sign_ins.transaction(lambda session: tokens.listed(session, site, clock()))
        return [_shown(one) for one in found]

    @routes.post("/sites/{site}/enrolment-tokens", status_code=201)
    @requires(Action.ENROL_NODES)
    async def make(site: str, new: NewToken, request: Request) -> MadeToken:
        await refuse_foreign(request, site)
        now, name = clock(), principal_of(request).name
        expires = now + new.days * DAY_SECONDS

        def work(session: Session) -> EnrolmentToken:
            token = directory.issue_token(session, site, now, ca_sha256, new.days * DAY_SECONDS)
            detail = {"token": tokens.token_id(key_hash(token.secret)), "days": new.days}
            audit.record(session, name, "node.token_issued", site, detail, now=now, address=address_of(request))
            return token

        try:
            token = await sign_ins.transaction(work)
        except directory.DirectoryError:
            raise _no_site(site) from None
        said = await lines(request, str(token))
        link = f"{said.hub}{INSTALL_PATH}#{token}"
        record = TokenShown(
            id=tokens.token_id(key_hash(token.secret)),
            created_at=now, expires_at=expires, used_at=None, node=None, hostname=None,
        )  # fmt: skip
        return MadeToken(**said.model_dump(), token=str(token), link=link, qr=qr_image(link), record=record)

    @routes.delete("/sites/{site}/enrolment-tokens/{token_id}", status_code=204)
    @requires(Action.ENROL_NODES)
    async def revoke(site: str, token_id: str = Path(max_length=tokens.ID_LETTERS), *, request: Request) -> None:
        await refuse_foreign(request, site)
        now, name = clock(), principal_of(request).name

        def work(session: Session) -> bool:
            found = tokens.revoke(session, site, token_id, now)
            if found:
                detail = {"token": token_id}
                audit.record(session, name, "node.token_revoked", site, detail, now=now, address=address_of(request))
            return found

        if not await sign_ins.transaction(work):
            raise RefusedError(404, "unknown", "Mã này không còn hoặc đã dùng. / This token is gone or was used.")

    return routes


def qr_image(link: str) -> str:
    """An SVG image of the QR code as a data: address."""
    return segno.make(link, error="m").svg_data_uri(scale=5, border=4)


def _shown(one: tokens.TokenRecord) -> TokenShown:
    return TokenShown(
        id=one.id, created_at=one.created_at, expires_at=one.expires_at, used_at=one.used_at, node=one.node,
        hostname=one.hostname,
    )  # fmt: skip


def _no_site(site: str) -> RefusedError:
    return RefusedError(404, "unknown", f"Không có địa điểm {site!r}. / There is no site {site!r}.")
