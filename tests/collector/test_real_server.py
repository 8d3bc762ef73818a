"""The routes behind a real uvicorn: what an ASGI test client cannot show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI

from agent.wire.remote_write import series
from collector.ingest.decode import MAX_BODY_BYTES
from tests.collector.support import NOW, Hub, Node


@asynccontextmanager
async def serving(hub: Hub) -> AsyncIterator[int]:
    app = FastAPI()
    app.include_router(hub.collector.router)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def test_a_too_large_body_is_answered_before_it_is_read(hub: Hub, node: Node) -> None:
    async with serving(hub) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /api/v1/write HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {node.key}\r\n"
            f"Content-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n"
            f"Content-Length: {100 * MAX_BODY_BYTES}\r\n\r\n"
        )
        writer.write(head.encode())
        status = await asyncio.wait_for(reader.readline(), 10)
        assert status.startswith(b"HTTP/1.1 413 ")
        writer.close()
        await writer.wait_closed()


async def test_connections_that_break_off_harm_nobody(hub: Hub, node: Node) -> None:
    async with serving(hub) as port:
        for garbage in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /api/v1/write HTTP/1.1\r\n"):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(garbage)
            writer.close()
            await writer.wait_closed()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            real = Node(client, hub.clock, node.node, node.key)
            answer = await real.write([series("up", [], round(NOW * 1000), 1.0)])
    assert answer.status_code == 204
    assert len(hub.sink.payloads) == 1
