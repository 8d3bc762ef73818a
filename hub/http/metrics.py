"""GET /metrics: for Prometheus by its token, and for people who are signed in."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request, Response

from collector.accounts.rights import Action
from exporters.metrics import CONTENT_TYPE, HubSnapshots, ScrapeCost, render
from hub.http.rights import public
from hub.http.sign_in import SignIns


def router(take: Callable[[], Awaitable[HubSnapshots]], token: str, sign_ins: SignIns, cost: ScrapeCost) -> APIRouter:
    """`take` gives the snapshots of this instant; what that and the writing took is added to `cost`."""
    routes = APIRouter(tags=["metrics"])

    async def _may_read(request: Request) -> bool:
        principal = await sign_ins.identify(request)
        return principal is not None and not principal.next and principal.may_everywhere(Action.READ_METRICS)

    @routes.get("/metrics", response_class=Response)
    @public("checks its own token, or the right to read metrics, itself")
    async def metrics(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        by_token = scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
        if not by_token and not await _may_read(request):
            raise HTTPException(
                401,
                "Cần mã trong secrets/metrics.token hoặc đăng nhập. / Send the token of secrets/metrics.token, "
                "or sign in.",
                {"WWW-Authenticate": "Bearer"},
            )
        begun = time.perf_counter()
        # Snapshots are values: with thousands of lines the writing would hold up the event loop.
        text = await asyncio.to_thread(render, await take())
        cost.spent(time.perf_counter() - begun)
        return Response(text, media_type=CONTENT_TYPE)

    return routes
