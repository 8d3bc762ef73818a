"""Who is at the browser: a signed cookie, the sign-in routes, and the guard for routes that need a person."""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection

from collector import accounts

COOKIE = "thongsuot_session"
SESSION_SECONDS = 12 * 3600
FAILURES_PER_MINUTE = 10
MAX_REMEMBERED_ADDRESSES = 4096


@dataclass(frozen=True, slots=True)
class SignedIn:
    name: str
    display_name: str
    role: str
    must_change_password: bool


class Credentials(BaseModel):
    name: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class NewPassword(BaseModel):
    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class FailureLimit:
    """At most FAILURES_PER_MINUTE failed sign-ins a minute from one address. Times in seconds."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def wait_seconds(self, address: str, now: float) -> float:
        failures = self._failures.get(address, deque())
        while failures and failures[0] <= now - 60:
            failures.popleft()
        return failures[0] + 60 - now if len(failures) >= FAILURES_PER_MINUTE else 0.0

    def failed(self, address: str, now: float) -> None:
        if address not in self._failures and len(self._failures) >= MAX_REMEMBERED_ADDRESSES:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(address, deque(maxlen=FAILURES_PER_MINUTE)).append(now)


class SignIn:
    """Sessions are cookies signed with `secret`; a changed password or a disabled user ends them."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        secret: str,
        *,
        secure_cookie: bool,
        password_changed: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._serializer = URLSafeTimedSerializer(secret, salt="thongsuot.session")
        self._secure_cookie = secure_cookie
        self._password_changed = password_changed
        self._clock = clock
        self._limit = FailureLimit()
        self.failures = 0

    async def identify(self, connection: HTTPConnection) -> SignedIn | None:
        """The person of a request or WebSocket, None when nobody is signed in."""
        token = connection.cookies.get(COOKIE)
        if token is None:
            return None
        try:
            content = self._serializer.loads(token, max_age=SESSION_SECONDS)
            name, stamp = content["u"], content["p"]
        except (BadSignature, KeyError, TypeError):
            return None
        user = await asyncio.to_thread(self._find, name)
        if user is None or _password_stamp(user.password_hash) != stamp:
            return None
        return _signed_in(user)

    async def require(self, connection: HTTPConnection) -> SignedIn:
        """FastAPI dependency. Raises 401, or 403 while the one-time password is not changed."""
        person = await self.identify(connection)
        if person is None:
            raise HTTPException(401, "Hãy đăng nhập. / Sign in first.")
        if person.must_change_password:
            raise HTTPException(403, "Hãy đổi mật khẩu dùng một lần. / Change the one-time password first.")
        return person

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1/session", tags=["session"])

        @router.get("")
        async def who(connection: HTTPConnection) -> SignedIn:
            person = await self.identify(connection)
            if person is None:
                raise HTTPException(401, "Hãy đăng nhập. / Sign in first.")
            return person

        @router.post("")
        async def sign_in(credentials: Credentials, connection: HTTPConnection, response: Response) -> SignedIn:
            address = connection.client.host if connection.client else ""
            self._refuse_if_limited(address)
            user = await asyncio.to_thread(self._verify, credentials.name, credentials.password)
            if user is None:
                self._count_failure(address)
                raise HTTPException(401, "Tên hoặc mật khẩu không đúng. / The name or the password is not right.")
            self._set_cookie(response, user)
            return _signed_in(user)

        @router.delete("", status_code=204)
        async def sign_out(response: Response) -> None:
            response.delete_cookie(COOKIE)

        @router.post("/password")
        async def change(
            new: NewPassword, response: Response, connection: HTTPConnection,
            person: Annotated[SignedIn | None, Depends(self.identify)],
        ) -> SignedIn:  # fmt: skip
            if person is None:
                raise HTTPException(401, "Hãy đăng nhập. / Sign in first.")
            address = connection.client.host if connection.client else ""
            self._refuse_if_limited(address)
            try:
                user = await asyncio.to_thread(self._change, person.name, new.old, new.new)
            except accounts.PasswordRuleError as error:
                raise HTTPException(422, str(error)) from None
            if user is None:
                self._count_failure(address)
                raise HTTPException(401, "Mật khẩu cũ không đúng. / The old password is not right.")
            self._password_changed(user.name)
            self._set_cookie(response, user)
            return _signed_in(user)

        return router

    def _set_cookie(self, response: Response, user: accounts.Account) -> None:
        token = self._serializer.dumps({"u": user.name, "p": _password_stamp(user.password_hash)})
        response.set_cookie(
            COOKIE, token, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=self._secure_cookie
        )

    def _refuse_if_limited(self, address: str) -> None:
        wait = self._limit.wait_seconds(address, self._clock())
        if wait > 0:
            seconds = int(wait) + 1
            raise HTTPException(
                429,
                f"Sai nhiều lần; thử lại sau {seconds} giây. / Too many failures; try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )

    def _count_failure(self, address: str) -> None:
        self.failures += 1
        self._limit.failed(address, self._clock())

    def _find(self, name: str) -> accounts.Account | None:
        with self._sessions() as session:
            return accounts.find(session, name)

    def _verify(self, name: str, password: str) -> accounts.Account | None:
        with self._sessions.begin() as session:
            return accounts.verify(session, name, password)

    def _change(self, name: str, old: str, new: str) -> accounts.Account | None:
        with self._sessions.begin() as session:
            return accounts.change_password(session, name, old, new)


def _password_stamp(password_hash: str) -> str:
    # Binds the session to the password it was opened with, and tells nothing of the hash.
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def _signed_in(user: accounts.Account) -> SignedIn:
    return SignedIn(user.name, user.display_name, user.role, user.must_change_password)
