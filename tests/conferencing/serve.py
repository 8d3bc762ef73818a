"""A hub in little for these tests and for looking at the page: FastAPI, uvicorn, accounts by a plain cookie.

`python -m tests.conferencing.serve --port 8090 --database /tmp/c.db --worker /tmp/media-0.sock`
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from conferencing.composition import Conferencing, RecorderPlace
from conferencing.protocols import Identity
from conferencing.tables import metadata
from conferencing.turn import TurnServers

CSP = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
    "style-src 'self'; script-src 'self'"
)


class CookieAccounts:
    """Whoever sends a cookie `user` is that user; a cookie `hall` is the PC of that site's hall."""

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        user, hall = connection.cookies.get("user"), connection.cookies.get("hall")
        if hall:
            return Identity(f"hall:{hall}", f"Site {hall}", hall)
        return Identity(user, user.title()) if user else None


class NoDirectory:
    async def site_named(self, name: str) -> str | None:
        return "kim-xa" if name.casefold().endswith("kim xá") else None


def open_database(path: Path) -> sessionmaker[Session]:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _pragmas(connection: object, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]

    metadata.create_all(engine)
    return sessionmaker(engine, expire_on_commit=False)


def compose(
    database: Path, workers: Sequence[Path], turn: TurnServers, recorder: RecorderPlace | None = None
) -> FastAPI:
    conferencing = Conferencing(
        open_database(database), CookieAccounts(), NoDirectory(), workers, turn=turn, recorder=recorder
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        running = asyncio.create_task(conferencing.run())
        try:
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    app = FastAPI(lifespan=lifespan)

    @app.middleware("http")
    async def _headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = CSP
        return response

    @app.get("/snapshot")
    async def _snapshot() -> Response:
        snapshot = conferencing.snapshot()
        return JSONResponse(
            {
                "rooms": [[one.name for one in room.participants] for room in snapshot.rooms],
                "transports": [[one.transport for one in room.participants] for room in snapshot.rooms],
                "workers": [worker.connected for worker in snapshot.workers],
                "drops": dict(snapshot.signaling_drops),
            }
        )

    app.include_router(conferencing.router)
    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--worker", type=Path, action="append", default=[])
    parser.add_argument("--turn-url", action="append", default=[])
    parser.add_argument("--turn-secret", default="")
    parser.add_argument("--recorder", type=Path, nargs=2, metavar=("SOCKET", "FOLDER"))
    options = parser.parse_args()
    recorder = RecorderPlace(*options.recorder) if options.recorder else None
    turn = TurnServers(tuple(options.turn_url), options.turn_secret)
    app = compose(options.database, options.worker, turn, recorder)
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning", ws_max_size=256 * 1024)


if __name__ == "__main__":
    main()
