"""GET /metrics: for Prometheus by its token, and for people who are signed in."""

import hmac
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request, Response

from exporters.metrics import CONTENT_TYPE, HubSnapshots, render
from hub.http.sign_in import SignIn


def router(take: Callable[[], Awaitable[HubSnapshots]], token: str, sign_in: SignIn) -> APIRouter:
    """`take` gives the snapshots of this instant."""
    routes = APIRouter(tags=["metrics"])

    @routes.get("/metrics", response_class=Response)
    async def metrics(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        by_token = scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
        if not by_token and await sign_in.identify(request) is None:
            raise HTTPException(
                401,
                "Cần mã trong secrets/metrics.token hoặc đăng nhập. / Send the token of secrets/metrics.token, "
                "or sign in.",
                {"WWW-Authenticate": "Bearer"},
            )
        return Response(render(await take()), media_type=CONTENT_TYPE)

    return routes
