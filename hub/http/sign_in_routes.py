"""Signing in, step by step: password, code, new password; unlocking and signing out. docs/protocol.md, 6."""

import asyncio
import logging

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from collector import accounts, audit
from collector.accounts import sign_ins, totp
from collector.accounts.people import Account
from collector.accounts.rights import Action
from collector.accounts.totp import CodeVerdict
from hub.http.principal import Principal, address_of, principal_of
from hub.http.problems import RefusedError
from hub.http.rights import SIGNING_IN, declare, public
from hub.http.sign_in import COOKIE, HALL_COOKIE, SignIns, next_step, user_principal
from hub.http.sign_in_limits import DEVICE_COOKIE, DEVICE_SECONDS, Attempt, SignInLimits

logger = logging.getLogger(__name__)

PASSWORDS_AT_ONCE = 4
"""A verification takes 64 MiB and a core for a moment."""
WRONG = "Tên hoặc mật khẩu không đúng. / The name or the password is not right."
WRONG_CODE = "Mã không đúng hoặc đã dùng. / The code is wrong or was used before."


class Credentials(BaseModel):
    name: str = Field(max_length=64, examples=["lan"])
    password: str = Field(max_length=1024)


class Code(BaseModel):
    """Six digits of the second factor, or a recovery code."""

    code: str = Field(max_length=64, examples=["123456"])


class Password(BaseModel):
    password: str = Field(max_length=1024)


class NewPassword(BaseModel):
    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class HeldGrant(BaseModel):
    role: str
    unit: int | None


class Person(BaseModel):
    """Who is signed in. `next`: code, unlock, new_password, set_up_totp, or empty when nothing is left to do.

    `actions` are allowed somewhere, `everywhere` on the whole tree.
    """

    kind: str
    name: str
    display_name: str
    next: str
    grants: list[HeldGrant]
    actions: list[str]
    everywhere: list[str]
    site: str | None
    idle_seconds: float | None


def person_of(principal: Principal) -> Person:
    return Person(
        kind=principal.kind,
        name=principal.name,
        display_name=principal.display_name,
        next=principal.next,
        grants=[HeldGrant(role=grant.role, unit=grant.unit) for grant in principal.rights.grants],
        actions=principal.actions(),
        everywhere=sorted(action for action in Action if principal.may_everywhere(action)),
        site=principal.site,
        idle_seconds=principal.idle_seconds,
    )


class SignInRoutes:
    def __init__(self, sign_ins: SignIns, limits: SignInLimits) -> None:
        self._sign_ins = sign_ins
        self._limits = limits
        self._working = asyncio.Semaphore(PASSWORDS_AT_ONCE)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1/session", tags=["session"])

        @router.get("")
        @public("says who is signed in, or that nobody is")
        async def who(request: Request) -> Person:
            principal = await self._sign_ins.identify(request)
            if principal is None:
                raise RefusedError(401, "nobody", "Hãy đăng nhập. / Sign in first.")
            return person_of(principal)

        @router.post("")
        @public("the way in")
        async def sign_in(credentials: Credentials, request: Request, response: Response) -> Person:
            return await self._password(credentials, request, response)

        @router.delete("", status_code=204)
        @public("ends the caller's own session only")
        async def sign_out(request: Request, response: Response) -> None:
            principal = await self._sign_ins.identify(request)
            if principal is not None and principal.sign_in_id:
                await self._sign_ins.transaction(lambda session: self._end(session, principal, address_of(request)))
            # A person who signs out at a hall's PC leaves it to the hall.
            response.delete_cookie(HALL_COOKIE if principal is not None and principal.site else COOKIE)

        @router.post("/code")
        @declare(SIGNING_IN)
        async def code(given: Code, request: Request, response: Response) -> Person:
            return await self._code(given.code, request, response)

        @router.post("/unlock")
        @declare(SIGNING_IN)
        async def unlock(given: Password, request: Request, response: Response) -> Person:
            return await self._unlock(given.password, request, response)

        @router.post("/password")
        @declare(SIGNING_IN)
        async def change(new: NewPassword, request: Request, response: Response) -> Person:
            return await self._change(new, request, response)

        return router

    async def check_code(self, request: Request, principal: Principal, code: str) -> CodeVerdict:
        """A right code of the principal's second factor. Raises RefusedError; each try counts, right ones clear."""
        attempt = self._limits.begin(request, principal.name)

        def verify(session: Session) -> CodeVerdict:
            now = self._sign_ins.clock()
            verdict = totp.verify(session, principal.user_id, code, now, self._sign_ins.sealer)
            if verdict is CodeVerdict.REPLAYED:
                self._record(session, principal.name, "sign_in.replayed_code", attempt)
            elif verdict is CodeVerdict.WRONG:
                self._failed(session, principal.name, "code", attempt)
            return verdict

        verdict = await self._sign_ins.transaction(verify)
        if verdict in (CodeVerdict.WRONG, CodeVerdict.REPLAYED):
            logger.warning("x %s code of %s from %s", verdict.value, principal.name, attempt.address)
            raise RefusedError(401, "code", WRONG_CODE)
        self._limits.succeeded(attempt)
        return verdict

    async def has_totp(self, principal: Principal) -> bool:
        return await self._sign_ins.transaction(lambda session: totp.is_set(session, principal.user_id))

    def signed_in(self, session: Session, sign_in_id: int, *, code_verified: bool) -> tuple[str, Principal]:
        """A new token for a session that went a step on, and who is signed in now."""
        now = self._sign_ins.clock()
        token = sign_ins.renew(session, sign_in_id, now, code_verified=code_verified)
        found = sign_ins.find(session, token, now)
        assert isinstance(found, sign_ins.SignIn)
        return token, user_principal(found)

    async def _password(self, credentials: Credentials, request: Request, response: Response) -> Person:
        attempt = self._limits.begin(request, credentials.name)
        async with self._working:
            opened = await self._sign_ins.transaction(
                lambda session: self._open(session, credentials, attempt, request.headers.get("user-agent", ""))
            )
        if opened is None:
            raise RefusedError(401, "password", WRONG)
        token, principal = opened
        if principal.next == "code":
            self._limits.take_back(attempt)
        else:
            self._limits.succeeded(attempt)
            self._remember(request, response, principal.name)
        self._sign_ins.set_cookie(response, token)
        return person_of(principal)

    def _open(
        self, session: Session, credentials: Credentials, attempt: Attempt, browser: str
    ) -> tuple[str, Principal] | None:
        now = self._sign_ins.clock()
        account = accounts.verify(session, credentials.name, credentials.password)
        if account is None:
            # What stands in the field of the name may be a password: only names that exist are written down.
            known = accounts.find(session, credentials.name, disabled_too=True)
            self._failed(session, known.name if known else "unknown name", "password", attempt)
            return None
        finished = next_step(account, code_verified=False) != "code"
        token = sign_ins.open_session(
            session, account, now, address=attempt.address, browser=browser_of(browser), finished=finished
        )
        found = sign_ins.find(session, token, now)
        assert isinstance(found, sign_ins.SignIn)
        if finished:
            self._record(session, account.name, "sign_in.succeeded", attempt, {"with": "password"})
        return token, user_principal(found)

    async def _code(self, code: str, request: Request, response: Response) -> Person:
        principal = principal_of(request)
        if principal.next != "code":
            raise RefusedError(409, "no code needed", "Không cần mã lúc này. / No code is asked for now.")
        verdict = await self.check_code(request, principal, code)
        address = address_of(request)

        def finish(session: Session) -> tuple[str, Principal]:
            done = self.signed_in(session, principal.sign_in_id, code_verified=True)
            detail: dict[str, object] = {"with": "totp"}
            if verdict is CodeVerdict.RIGHT_RECOVERY:
                detail = {"with": "recovery code", "left": totp.recovery_codes_left(session, principal.user_id)}
            self._write(session, principal.name, "sign_in.succeeded", address, detail)
            return done

        token, now_signed_in = await self._sign_ins.transaction(finish)
        self._sign_ins.set_cookie(response, token)
        self._remember(request, response, principal.name)
        return person_of(now_signed_in)

    async def _unlock(self, password: str, request: Request, response: Response) -> Person:
        principal = principal_of(request)
        if principal.next != "unlock":
            raise RefusedError(409, "not locked", "Phiên không bị khóa. / This session is not locked.")
        attempt = self._limits.begin(request, principal.name)

        def unlock(session: Session) -> tuple[str, Principal] | None:
            if accounts.verify(session, principal.name, password) is None:
                self._failed(session, principal.name, "password", attempt)
                return None
            done = self.signed_in(session, principal.sign_in_id, code_verified=False)
            self._record(session, principal.name, "sign_in.unlocked", attempt)
            return done

        async with self._working:
            done = await self._sign_ins.transaction(unlock)
        if done is None:
            raise RefusedError(401, "password", "Mật khẩu không đúng. / The password is not right.")
        self._limits.succeeded(attempt)
        self._sign_ins.set_cookie(response, done[0])
        return person_of(done[1])

    async def _change(self, new: NewPassword, request: Request, response: Response) -> Person:
        principal = principal_of(request)
        if principal.next in ("code", "unlock"):
            raise RefusedError(403, principal.next, "Hãy đăng nhập xong đã. / Finish signing in first.")
        attempt = self._limits.begin(request, principal.name)
        try:
            async with self._working:
                done = await self._sign_ins.transaction(lambda session: self._set(session, principal, new, attempt))
        except accounts.PasswordRuleError as error:
            self._limits.take_back(attempt)
            raise RefusedError(422, "rule", str(error)) from None
        if done is None:
            raise RefusedError(401, "password", "Mật khẩu cũ không đúng. / The old password is not right.")
        self._limits.succeeded(attempt)
        self._sign_ins.password_changed(principal.name)
        self._sign_ins.set_cookie(response, done[0])
        return person_of(done[1])

    def _set(
        self, session: Session, principal: Principal, new: NewPassword, attempt: Attempt
    ) -> tuple[str, Principal] | None:
        now = self._sign_ins.clock()
        changed: Account | None = accounts.change_password(session, principal.name, new.old, new.new)
        if changed is None:
            self._failed(session, principal.name, "old password", attempt)
            return None
        ended = sign_ins.end_all(session, changed.id, now, "password changed", but=principal.sign_in_id)
        done = self.signed_in(session, principal.sign_in_id, code_verified=False)
        self._record(session, principal.name, "account.password_changed", attempt, {"sessions_ended": ended})
        return done

    def _end(self, session: Session, principal: Principal, address: str) -> None:
        sign_ins.end(session, principal.sign_in_id, self._sign_ins.clock(), "signed out")
        self._write(session, principal.name, "sign_in.signed_out", address, {})

    def _failed(self, session: Session, name: str, why: str, attempt: Attempt) -> None:
        logger.warning("x sign-in of %s from %s: wrong %s", name, attempt.address, why)
        locked = self._limits.failed(attempt)
        self._record(session, name, "sign_in.failed", attempt, {"wrong": why, **({"locked": True} if locked else {})})

    def _record(
        self, session: Session, name: str, action: str, attempt: Attempt, detail: dict[str, object] | None = None
    ) -> None:
        self._write(session, name, action, attempt.address, detail or {})

    def _write(self, session: Session, name: str, action: str, address: str, detail: dict[str, object]) -> None:
        audit.record(session, name, action, name, detail, now=self._sign_ins.clock(), address=address)

    def _remember(self, request: Request, response: Response, name: str) -> None:
        cookie = self._limits.device_cookie(request, name)
        self._sign_ins.set_device_cookie(response, DEVICE_COOKIE, cookie, DEVICE_SECONDS)


def browser_of(user_agent: str) -> str:
    """As a person recognises it: browser and system; what is not one of the known is kept as it is, shortened."""
    browser = next(
        (name for mark, name in _BROWSERS if mark in user_agent),
        "".join(character for character in user_agent if character.isprintable())[:60],
    )
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser}, {system}" if system else browser


# The first mark that is found decides: Edge and Cốc Cốc say that they are Chrome, Chrome that it is Safari.
_BROWSERS = (
    ("coc_coc_browser", "Cốc Cốc"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
