"""What each route demands, said once at the route or in the table below; a route that says nothing fails the start.

The guard enforces it before the route's own code runs. Routes of other packages, which do not import ours, stand in
`DECLARED`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from agent.wire.configuration import CONFIG_PATH, THROUGHPUT_PATH, WRITE_PATH
from agent.wire.enrolment import ENROL_PATH
from agent.wire.events import EVENTS_PATH
from collector.accounts.rights import Action
from collector.limits import AddressLimits
from hub.http.principal import TOKEN, USER, Principal, address_of
from hub.http.problems import RefusedError

logger = logging.getLogger(__name__)

WEBSOCKET = "WEBSOCKET"
MOUNT = "MOUNT"
_MARK = "__thongsuot_access__"

REQUESTS_PER_SECOND = 30.0
REQUESTS_AT_ONCE = 300

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """`kind`: "public", "node key", "signing in", "signed in" or "action".

    `everywhere`: the action must be allowed on the whole tree; otherwise somewhere, and the route looks at the place.
    `audited`: each success is an entry of this name in the audit log; for routes that cannot write it themselves.
    """

    kind: str
    action: Action | None = None
    everywhere: bool = False
    reason: str = ""
    audited: str = ""


NODE_KEY = Access("node key", reason="the route checks the node's key itself")
SIGNING_IN = Access("signing in", reason="a step of the sign-in")
SIGNED_IN = Access("signed in", reason="a user's own account")


def PUBLIC(reason: str) -> Access:  # noqa: N802 - reads as one of the constants above
    return Access("public", reason=reason)


def _needs(action: Action, audited: str = "") -> Access:
    return Access("action", action, audited=audited)


_STREAM = PUBLIC("the bearer token in the request is the key: one seat of one meeting")

DECLARED: dict[tuple[str, str], Access] = {
    ("POST", ENROL_PATH): PUBLIC("the one-time token in the body is the key"),
    ("GET", CONFIG_PATH): NODE_KEY,
    ("POST", WRITE_PATH): NODE_KEY,
    ("POST", EVENTS_PATH): NODE_KEY,
    ("GET", THROUGHPUT_PATH): NODE_KEY,
    ("POST", THROUGHPUT_PATH): NODE_KEY,
    ("POST", "/api/v1/meetings"): _needs(Action.HOLD_MEETINGS, "meeting.created"),
    ("GET", "/api/v1/meetings"): _needs(Action.LIST_MEETINGS),
    ("GET", "/api/v1/meetings/{code}"): PUBLIC("the code lets guests in"),
    ("POST", "/api/v1/meetings/{code}/close"): _needs(Action.HOLD_MEETINGS, "meeting.closed"),
    ("GET", "/api/v1/meetings/{code}/statistics"): _needs(Action.READ_METRICS),
    (WEBSOCKET, "/api/v1/meetings/{code}/signaling"): PUBLIC("the code lets guests in"),
    ("POST", "/api/v1/meetings/{code}/recording"): _needs(Action.HOLD_MEETINGS, "meeting.recording_started"),
    ("DELETE", "/api/v1/meetings/{code}/recording"): _needs(Action.HOLD_MEETINGS, "meeting.recording_stopped"),
    ("GET", "/api/v1/meetings/{code}/recordings"): _needs(Action.HOLD_MEETINGS),
    ("POST", "/api/v1/meetings/{code}/recordings/{name}/composition"): _needs(
        Action.HOLD_MEETINGS, "meeting.recording_composed"
    ),
    ("GET", "/api/v1/meetings/{code}/recordings/{name}/video"): _needs(
        Action.HOLD_MEETINGS, "meeting.recording_fetched"
    ),
    ("POST", "/api/v1/meetings/{code}/streams"): _needs(Action.HOLD_MEETINGS, "meeting.stream_made"),
    ("GET", "/api/v1/meetings/{code}/streams"): _needs(Action.HOLD_MEETINGS),
    ("DELETE", "/api/v1/meetings/{code}/streams/{stream}"): _needs(Action.HOLD_MEETINGS, "meeting.stream_revoked"),
    ("POST", "/whip"): _STREAM,
    ("OPTIONS", "/whip"): _STREAM,
    ("PATCH", "/whip/{session}"): _STREAM,
    ("DELETE", "/whip/{session}"): _STREAM,
    ("POST", "/whep"): _STREAM,
    ("OPTIONS", "/whep"): _STREAM,
    ("PATCH", "/whep/{session}"): _STREAM,
    ("DELETE", "/whep/{session}"): _STREAM,
    ("GET", "/xem"): PUBLIC("the player, the same for all"),
    ("GET", "/hop/static/{path:path}"): PUBLIC("files of the meeting page"),
    ("GET", "/hop/{code}"): PUBLIC("the meeting page, the same for all"),
    ("GET", "/hop/{code}/ban-ghi"): PUBLIC("a page without recordings; those have a right of their own"),
    ("GET", "/hop/{code}/do-luong"): PUBLIC("a page without figures; those have a right of their own"),
    ("GET", "/openapi.json"): PUBLIC("describes the API, holds nothing of this hub"),
    ("HEAD", "/openapi.json"): PUBLIC("describes the API, holds nothing of this hub"),
    (MOUNT, "/static"): PUBLIC("files of the board, the same for all"),
}


def requires(action: Action, *, everywhere: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Mark a route: whoever calls it must be allowed the action somewhere, or on the whole tree."""
    return declare(Access("action", action, everywhere))


def public(reason: str) -> Callable[[Endpoint], Endpoint]:
    """Mark a route that anybody may call, and say why."""
    return declare(PUBLIC(reason))


def declare(access: Access) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, access)
        return endpoint

    return mark


class UndeclaredRouteError(Exception):
    """A route says nothing of what it demands: ours to mend before anybody can call it."""


@dataclass(frozen=True, slots=True)
class Declaration:
    method: str
    path: str
    access: Access


def declarations(routes: Sequence[BaseRoute]) -> list[Declaration]:
    """What every route demands. Raises UndeclaredRouteError naming all that do not say it."""
    found: list[Declaration] = []
    missing: list[str] = []
    for route in _leaves(routes):
        for method in _methods(route):
            path = str(getattr(route, "path", ""))
            access = _access(route, method)
            if access is None:
                missing.append(f"{method} {path}")
            elif access.kind != "public" and not isinstance(route, APIRoute):
                # The guard is a dependency: only API routes have it.
                missing.append(f"{method} {path} (is no API route and can only be public)")
            else:
                found.append(Declaration(method, path, access))
    if missing:
        raise UndeclaredRouteError(
            "routes without a declaration (mark them with @requires, @public or @declare, or add them to "
            "hub.http.rights.DECLARED): " + ", ".join(sorted(missing))
        )
    return found


class Guard:
    """FastAPI dependency of the whole application. `identify` says who is there, None for nobody."""

    def __init__(
        self, identify: Callable[[HTTPConnection], Awaitable[Principal | None]], clock: Callable[[], float]
    ) -> None:
        self._identify = identify
        self._clock = clock
        self._rates = AddressLimits(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE)
        self.refusals = 0

    async def __call__(self, connection: HTTPConnection) -> None:
        """Raises RefusedError. Nothing is let through that is not declared."""
        scope = connection.scope
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
        access = _access(scope["route"], method)
        if access is None:
            raise RefusedError(403, "undeclared", "Đường dẫn chưa được mở. / This route is not opened to anybody.")
        if access.kind in ("public", "node key"):
            return
        principal = await self._identify(connection)
        if principal is None:
            self.refusals += 1
            raise RefusedError(401, "nobody", "Hãy đăng nhập. / Sign in first.")
        self._check_rate(principal)
        self._check_steps(principal, access)
        self._check_rights(principal, access, method, scope["path"], address_of(connection))
        state = scope.setdefault("state", {})
        state["principal"] = principal
        if access.audited:
            state["audited"] = access.audited

    def _check_rate(self, principal: Principal) -> None:
        wait = self._rates.wait_seconds(principal.key, self._clock())
        if wait > 0:
            seconds = int(wait) + 1
            raise RefusedError(
                429,
                "too fast",
                f"Quá nhiều yêu cầu; thử lại sau {seconds} giây. / Too many requests; try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )

    def _check_steps(self, principal: Principal, access: Access) -> None:
        if access.kind in ("signing in", "signed in") and principal.kind != USER:
            raise RefusedError(403, "not a user", "Chỉ dành cho người dùng. / This is for a person who signed in.")
        if access.kind != "signing in" and principal.next:
            raise RefusedError(403, principal.next, _STEPS[principal.next])

    def _check_rights(self, principal: Principal, access: Access, method: str, path: str, address: str) -> None:
        if access.action is None:
            return
        allowed = principal.may_everywhere if access.everywhere else principal.may_somewhere
        if not allowed(access.action):
            self.refusals += 1
            logger.warning("x %s %s: %s from %s may not %s", method, path, principal.name, address, access.action)
            within = principal.kind == TOKEN and " (phạm vi của mã / scope of the token)"
            raise RefusedError(
                403,
                "rights",
                f"Bạn không có quyền làm việc này{within or ''}. / You have no right to do this: {access.action}.",
            )


_STEPS = {
    "code": "Hãy nhập mã xác thực. / Give the code of your second factor first.",
    "unlock": "Phiên đã khóa vì không hoạt động; nhập lại mật khẩu. / Locked while idle: give the password again.",
    "new_password": "Hãy đổi mật khẩu dùng một lần. / Change the one-time password first.",
    "set_up_totp": "Quản trị viên phải cài mã xác thực (TOTP). / TOTP must be set up: administrators need it.",
}


def _access(route: BaseRoute, method: str) -> Access | None:
    marked = getattr(getattr(route, "endpoint", None), _MARK, None)
    return marked if isinstance(marked, Access) else DECLARED.get((method, str(getattr(route, "path", ""))))


def _leaves(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        # FastAPI keeps included routers as branches of the tree from some version on.
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _leaves(included.routes)
        else:
            yield route


def _methods(route: BaseRoute) -> list[str]:
    methods = getattr(route, "methods", None)
    if methods:
        return sorted(methods)
    return [WEBSOCKET if isinstance(route, APIWebSocketRoute) else MOUNT]
