"""A user's own account: second factor, recovery codes, signed-in browsers."""

import segno
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from collector import audit
from collector.accounts import sign_ins, totp
from hub.http.principal import Principal, address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import SIGNED_IN, SIGNING_IN, declare
from hub.http.row_numbers import RowNumber
from hub.http.sign_in import SignIns
from hub.http.sign_in_routes import Code, Person, SignInRoutes, person_of


class OptionalCode(BaseModel):
    """`code`: needed when a second factor is there already."""

    code: str | None = Field(default=None, max_length=64)


class TotpOffer(BaseModel):
    """`qr`: an SVG picture as data URI; `secret`: the same for typing, base32."""

    secret: str
    uri: str
    qr: str


class TotpSet(BaseModel):
    """The recovery codes are shown this once."""

    recovery_codes: list[str]
    person: Person


class Browser(BaseModel):
    id: int
    address: str
    browser: str
    created_at: float
    last_seen_at: float
    this: bool


class Account(BaseModel):
    """Instants in Unix seconds."""

    person: Person
    has_totp: bool
    recovery_codes_left: int
    sessions: list[Browser]


def router(sign_ins_: SignIns, steps: SignInRoutes) -> APIRouter:
    routes = APIRouter(prefix="/api/v1/account", tags=["account"])
    clock = sign_ins_.clock

    def note(session: Session, request: Request, action: str, detail: dict[str, object] | None = None) -> None:
        name = principal_of(request).name
        audit.record(session, name, action, name, detail, now=clock(), address=address_of(request))

    @routes.get("")
    @declare(SIGNED_IN)
    async def account(request: Request) -> Account:
        principal = principal_of(request)
        return await sign_ins_.transaction(lambda session: _account(session, principal, clock()))

    @routes.post("/totp")
    @declare(SIGNING_IN)
    async def offer(given: OptionalCode, request: Request) -> TotpOffer:
        """A new secret, which counts once it is confirmed."""
        principal = _far_enough(request)
        await _confirm_with_code(steps, request, principal, given.code)

        def begin(session: Session) -> str:
            note(session, request, "account.totp_offered")
            return totp.begin(session, principal.user_id, sign_ins_.sealer)

        secret = await sign_ins_.transaction(begin)
        uri = totp.provisioning_uri(secret, principal.name)
        return TotpOffer(secret=secret, uri=uri, qr=segno.make(uri, error="m").svg_data_uri(scale=5, border=2))

    @routes.post("/totp/confirm")
    @declare(SIGNING_IN)
    async def confirm(given: Code, request: Request, response: Response) -> TotpSet:
        principal = _far_enough(request)

        def finish(session: Session) -> tuple[list[str], str, Principal] | None:
            codes = totp.confirm(session, principal.user_id, _digits(given.code), clock(), sign_ins_.sealer)
            if codes is None:
                return None
            ended = sign_ins.end_all(session, principal.user_id, clock(), "totp set", but=principal.sign_in_id)
            token, now_signed_in = steps.signed_in(session, principal.sign_in_id, code_verified=True)
            note(session, request, "account.totp_set", {"sessions_ended": ended})
            return codes, token, now_signed_in

        done = await sign_ins_.transaction(finish)
        if done is None:
            raise RefusedError(
                422,
                "code",
                "Mã chưa đúng. Kiểm tra giờ của điện thoại rồi nhập mã đang hiện. / "
                "The code is not right. Check the telephone's clock and type the code that it shows now.",
            )
        sign_ins_.set_cookie(response, done[1])
        return TotpSet(recovery_codes=done[0], person=person_of(done[2]))

    @routes.post("/totp/remove", status_code=204)
    @declare(SIGNED_IN)
    async def remove(given: Code, request: Request) -> None:
        principal = principal_of(request)
        if principal.rights.administers:
            raise RefusedError(
                409, "required", "Quản trị viên phải có mã xác thực. / Administrators need a second factor."
            )
        await steps.check_code(request, principal, given.code)

        def work(session: Session) -> None:
            totp.remove(session, principal.user_id)
            note(session, request, "account.totp_removed")

        await sign_ins_.transaction(work)

    @routes.post("/recovery-codes")
    @declare(SIGNED_IN)
    async def recovery_codes(given: Code, request: Request) -> list[str]:
        """Ten new ones; the old ones are void."""
        principal = principal_of(request)
        await steps.check_code(request, principal, given.code)

        def work(session: Session) -> list[str]:
            codes = totp.new_recovery_codes(session, principal.user_id)
            note(session, request, "account.recovery_codes_made")
            return codes

        return await sign_ins_.transaction(work)

    @routes.delete("/sessions/{session_id}", status_code=204)
    @declare(SIGNED_IN)
    async def end(session_id: RowNumber, request: Request) -> None:
        principal = principal_of(request)

        def work(session: Session) -> bool:
            if not sign_ins.belongs_to(session, session_id, principal.user_id):
                return False
            sign_ins.end(session, session_id, clock(), "revoked")
            note(session, request, "account.session_ended", {"session": session_id})
            return True

        if not await sign_ins_.transaction(work):
            raise RefusedError(404, "unknown", "Không có phiên này. / There is no such session.")

    return routes


def _far_enough(request: Request) -> Principal:
    """A second factor is set up after the new password, never with a session that waits for its code or password."""
    principal = principal_of(request)
    if principal.next not in ("", "set_up_totp"):
        raise RefusedError(403, principal.next, "Hãy làm xong bước trước. / Finish the step before first.")
    return principal


async def _confirm_with_code(steps: SignInRoutes, request: Request, principal: Principal, code: str | None) -> None:
    if principal.next == "set_up_totp":
        return
    has_totp = await steps.has_totp(principal)
    if has_totp and not code:
        raise RefusedError(422, "code", "Hãy nhập mã đang dùng. / Give the code of the present second factor.")
    if has_totp and code:
        await steps.check_code(request, principal, code)


def _account(session: Session, principal: Principal, now: float) -> Account:
    listed = sign_ins.listed(session, principal.user_id, now)
    return Account(
        person=person_of(principal),
        has_totp=totp.is_set(session, principal.user_id),
        recovery_codes_left=totp.recovery_codes_left(session, principal.user_id),
        sessions=[
            Browser(
                id=one.id,
                address=one.address,
                browser=one.browser,
                created_at=one.created_at,
                last_seen_at=one.last_seen_at,
                this=one.id == principal.sign_in_id,
            )
            for one in listed
        ],
    )


def _digits(code: str) -> str:
    return "".join(code.split())
