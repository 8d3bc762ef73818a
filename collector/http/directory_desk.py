"""Where requests meet the directory: reads in threads, writes one after the other, each seen by nodes at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import Request

from collector import audit
from collector.accounts.rights import Action, Rights
from collector.directory import auditing
from collector.directory.changes import Change
from collector.directory.sight import Sight
from collector.directory.view import is_viewed
from collector.http.requests import client_address
from collector.writer import DatabaseWriter

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Caller(Protocol):
    """Whoever the hub let through."""

    @property
    def name(self) -> str: ...

    @property
    def rights(self) -> Rights: ...


class Requires(Protocol):
    """Marks a route with what its caller must be allowed, somewhere or on the whole tree."""

    def __call__(self, action: Action, *, everywhere: bool = False) -> Callable[[Endpoint], Endpoint]: ...


@dataclass(frozen=True, slots=True)
class Acting:
    """One request's transaction: who, when, from where, and what they may see."""

    session: Session
    sight: Sight
    actor: str
    address: str
    now: float

    def tell(self, action: str, thing: str) -> None:
        """What is no change of an object, for the audit log."""
        audit.record(self.session, self.actor, action, thing, now=self.now, address=self.address)


class Desk:
    """One per hub. `refresh` reads the directory again into what nodes and board see."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        writer: DatabaseWriter,
        refresh: Callable[[], Awaitable[None]],
        caller_of: Callable[[Request], Caller],
        clock: Callable[[], float],
    ) -> None:
        self._sessions = sessions
        self._writer = writer
        self._refresh = refresh
        self._caller_of = caller_of
        self.clock = clock

    async def read(self, request: Request, work: Callable[[Acting], Result]) -> Result:
        caller, now = self._caller_of(request), self.clock()

        def reading() -> Result:
            with self._sessions() as session:
                return work(_acting(session, caller, request, now))

        return await asyncio.to_thread(reading)

    async def change(self, request: Request, work: Callable[[Acting], tuple[Result, Sequence[Change]]]) -> Result:
        """`work` in one transaction with the audit log; all or nothing."""
        caller, now = self._caller_of(request), self.clock()

        def changing(session: Session) -> tuple[Result, bool]:
            acting = _acting(session, caller, request, now)
            result, changes = work(acting)
            auditing.record(session, changes, actor=acting.actor, now=now, address=acting.address)
            # Without a change of an object it is one of nodes: a token, a revocation.
            return result, not changes or any(map(is_viewed, changes))

        result, viewed = await self._writer.call(changing)
        if viewed:
            # The whole country is 3,500 sites: reading it again takes longer than the change itself.
            await self._show()
        return result

    async def _show(self) -> None:
        try:
            await self._refresh()
        except (SQLAlchemyError, OSError) as error:
            # It is committed; the view is read again in some seconds anyway.
            logger.error("directory was not read again after a change: %s", error)


def _acting(session: Session, caller: Caller, request: Request, now: float) -> Acting:
    return Acting(session, Sight(session, caller.rights), caller.name, client_address(request), now)
