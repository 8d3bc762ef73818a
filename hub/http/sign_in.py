"""Who is at the other end: a session's cookie, an API token, or the cookie of a hall's PC.

Sessions live in the database; the cookie is a random token, of which only the hash is kept. Knows no routes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection
from starlette.responses import Response

from collector.accounts import api_tokens, sign_ins, site_access
from collector.accounts.people import Account
from collector.accounts.rights import Rights
from collector.accounts.sealing import Sealer
from collector.accounts.sign_ins import SESSION_SECONDS, SignIn, token_hash
from collector.accounts.site_access import Hall
from hub.http.principal import HALL, TOKEN, USER, Principal, address_of

logger = logging.getLogger(__name__)

COOKIE = "thongsuot_session"
HALL_COOKIE = "thongsuot_hall"
HALL_COOKIE_SECONDS = 400 * 86400
"""The longest that browsers keep a cookie; it is renewed at each sign-in with the link."""
IDLE_HEADER = "x-thongsuot-idle"
"""Seconds since the person last did something in the page that asks: pages ask by themselves too."""
MAX_TOKEN_CHARACTERS = 100

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of itself, read apart from the database. `idle`: seconds, 0 when not said."""

    session_token: str | None
    api_token: str | None
    hall_token: str | None
    address: str
    idle: float


class SignIns:
    """Sessions of all browsers. `in_use` counts open meetings by session: nobody touches the mouse in a meeting."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        sealer: Sealer,
        *,
        secure_cookie: bool,
        password_changed: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self.secure_cookie = secure_cookie
        self._in_meeting: Counter[str] = Counter()
        self.sealer = sealer
        self.password_changed = password_changed
        self.clock = clock

    async def identify(self, connection: HTTPConnection) -> Principal | None:
        """Whoever speaks, None for nobody. Steps of the sign-in that are not done yet stand in `next`."""
        caller = read_caller(connection.headers, connection.cookies, address_of(connection))
        if caller.session_token is None and caller.api_token is None and caller.hall_token is None:
            return None
        return await self.transaction(lambda session: self._find(session, caller, self.clock()))

    async def transaction(self, work: Callable[[Session], Result]) -> Result:
        """`work` in a thread, in a transaction of its own. Raises what it raises, and then nothing is kept."""
        return await asyncio.to_thread(self._in_transaction, work)

    @contextlib.asynccontextmanager
    async def in_meeting(self, connection: HTTPConnection) -> AsyncIterator[None]:
        """While a page is in a meeting its user's session does not become idle."""
        token = connection.cookies.get(COOKIE)
        if token is None or len(token) > MAX_TOKEN_CHARACTERS:
            yield
            return
        key = token_hash(token)
        self._in_meeting[key] += 1
        try:
            yield
        finally:
            self._in_meeting[key] -= 1
            if not self._in_meeting[key]:
                del self._in_meeting[key]
            # The quarter of an hour begins with the end of the meeting.
            await asyncio.shield(self.transaction(lambda session: self._leave_meeting(session, token)))

    def set_cookie(self, response: Response, token: str) -> None:
        self._set(response, COOKIE, token, int(SESSION_SECONDS))

    def set_hall_cookie(self, response: Response, token: str) -> None:
        self._set(response, HALL_COOKIE, token, HALL_COOKIE_SECONDS)

    def set_device_cookie(self, response: Response, name: str, token: str, seconds: int) -> None:
        self._set(response, name, token, seconds)

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=self.secure_cookie)

    def _in_transaction(self, work: Callable[[Session], Result]) -> Result:
        with self._sessions.begin() as session:
            return work(session)

    def _find(self, session: Session, caller: Caller, now: float) -> Principal | None:
        if caller.api_token is not None:
            return _by_api_token(session, caller.api_token, now, caller.address)
        if caller.session_token is not None:
            found = self._by_session(session, caller.session_token, caller, now)
            if found is not None:
                return found
        if caller.hall_token is not None:
            return _by_hall_token(session, caller.hall_token, now, caller.address)
        return None

    def _by_session(self, session: Session, token: str, caller: Caller, now: float) -> Principal | None:
        found = sign_ins.find(session, token, now)
        if found is None:
            logger.warning("x unknown session cookie from %s", caller.address)
            return None
        if isinstance(found, sign_ins.Ended):
            logger.warning("x ended session (%s) of %s used from %s", found.reason, found.user, caller.address)
            return None
        spared = token_hash(token) in self._in_meeting and not found.account.rights.administers
        idle = found.is_idle(now) and not spared
        if not idle:
            active_at = now if spared else now - caller.idle
            sign_ins.touch(session, found, now, active_at)
        return user_principal(found, idle=idle)

    def _leave_meeting(self, session: Session, token: str) -> None:
        now = self.clock()
        found = sign_ins.find(session, token, now)
        if isinstance(found, SignIn) and not found.account.rights.administers:
            sign_ins.touch(session, found, now, now)


def user_principal(sign_in: SignIn, *, idle: bool = False) -> Principal:
    account = sign_in.account
    return Principal(
        USER,
        account.name,
        account.display_name,
        account.rights,
        f"session {sign_in.id}",
        next=next_step(account, code_verified=sign_in.code_verified, idle=idle),
        user_id=account.id,
        sign_in_id=sign_in.id,
        idle_seconds=sign_in.idle_limit,
    )


def hall_principal(hall: Hall) -> Principal:
    return Principal(HALL, f"hall:{hall.site}", hall.site_name, Rights(), f"hall {hall.access}", site=hall.site)


def next_step(account: Account, *, code_verified: bool, idle: bool = False) -> str:
    """What is still to be done before the account may be used; empty when nothing is."""
    if account.has_totp and not code_verified:
        return "code"
    if idle:
        return "unlock"
    if account.must_change_password:
        return "new_password"
    if account.rights.administers and not account.has_totp:
        return "set_up_totp"
    return ""


def read_caller(headers: Mapping[str, str], cookies: Mapping[str, str], address: str) -> Caller:
    """Pure. What is too long to be one of our tokens is none."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    is_token = scheme.lower() == "bearer" and bearer.startswith(api_tokens.PREFIX)
    idle = headers.get(IDLE_HEADER, "")
    return Caller(
        _sane(cookies.get(COOKIE)),
        _sane(bearer.strip()) if is_token else None,
        _sane(cookies.get(HALL_COOKIE)),
        address,
        float(idle) if idle.isascii() and idle.isdigit() and len(idle) <= 6 else 0.0,
    )


def _sane(token: str | None) -> str | None:
    return token if token and len(token) <= MAX_TOKEN_CHARACTERS else None


def _by_api_token(session: Session, token: str, now: float, address: str) -> Principal | None:
    found = api_tokens.find(session, token, now, address)
    if found is None:
        logger.warning("x unknown API token from %s", address)
        return None
    if isinstance(found, sign_ins.Ended):
        logger.warning("x %s API token of %s used from %s", found.reason, found.user, address)
        return None
    account = found.account
    rights = account.rights.narrowed(found.scopes)
    return Principal(TOKEN, account.name, account.display_name, rights, f"token {found.id}", user_id=account.id)


def _by_hall_token(session: Session, token: str, now: float, address: str) -> Principal | None:
    hall = site_access.find(session, token, now, address)
    if hall is None:
        logger.warning("x unknown or revoked hall cookie from %s", address)
        return None
    return hall_principal(hall)
