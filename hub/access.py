"""Accounts put together: sessions, guard, routes, audit log, key ring. What the server and the commands open."""

from __future__ import annotations

import time
from collections.abc import Callable

from fastapi import APIRouter
from sqlalchemy.orm import Session, sessionmaker

from collector import audit
from hub import database, setup
from hub.http import audit as audit_routes
from hub.http import rights_halls, rights_users, sign_in_account, tokens
from hub.http.rights import Guard
from hub.http.rights_tree import Places
from hub.http.sign_in import SignIns
from hub.http.sign_in_limits import SignInLimits
from hub.http.sign_in_routes import SignInRoutes
from hub.key_ring import KeyRing
from hub.paths import Paths
from hub.secret_sources import SecretSources, secret_sources

AUDIT_HEAD = "audit-head.json"
SESSION_KEY = "session.key"
AUDIT_KEY = "audit.key"


def audit_head(paths: Paths, sources: SecretSources) -> audit.HeadFile:
    """Beside the database, not in it: whoever can write only to the database cannot make both agree."""
    return audit.HeadFile(paths.root / AUDIT_HEAD, sources.ensure(AUDIT_KEY))


def sessions_of(where: Paths) -> sessionmaker[Session]:
    """Of a migrated database, with the head file of the audit log attached. The caller disposes the engine."""
    where.create()
    sessions = database.sessions(database.opened(where))
    audit.keep_head(sessions, audit_head(where, secret_sources(where.secrets)))
    return sessions


class AccessControl:
    """One per hub."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        paths: Paths,
        *,
        secure_cookie: bool,
        sources: SecretSources | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`sessions` gets the head file of the audit log attached. Raises UserError for a bad secret."""
        sources = sources or secret_sources(paths.secrets)
        self._sessions = sessions
        self._head = audit_head(paths, sources)
        audit.keep_head(sessions, self._head)
        self.sign_ins = SignIns(
            sessions,
            KeyRing(sources),
            secure_cookie=secure_cookie,
            password_changed=lambda name: setup.forget_administrator_password(paths, name),
            clock=clock,
        )
        self._limits = SignInLimits(sources.ensure(SESSION_KEY), clock)
        self.places = Places(self.sign_ins, clock)
        self.guard = Guard(self.sign_ins.identify, clock)

    def routers(self) -> list[APIRouter]:
        steps = SignInRoutes(self.sign_ins, self._limits)
        return [
            steps.router(),
            sign_in_account.router(self.sign_ins, steps),
            tokens.router(self.sign_ins),
            rights_users.router(self.sign_ins, self.places),
            rights_halls.router(self.sign_ins, self.places),
            audit_routes.router(self.sign_ins, self._sessions, self._head),
        ]
