"""The supervisor's Unix socket: one JSON line asks, one JSON line answers. Both ends are here."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hub.failure import UserError
from hub.supervisor.program import ProgramStatus, State
from hub.supervisor.supervisor import Supervisor, UnknownProgramError

REQUEST_TIMEOUT_SECONDS = 15.0
MAX_REQUEST_BYTES = 4096


@asynccontextmanager
async def serve(supervisor: Supervisor, path: Path) -> AsyncIterator[None]:
    """Answer on `path` (mode 0600) while the context is open."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                line = await reader.readline()
                writer.write(json.dumps(await _handle(supervisor, line)).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            return
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(answer, path, limit=MAX_REQUEST_BYTES)
    path.chmod(0o600)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _handle(supervisor: Supervisor, line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        command, name = request["command"], request.get("name", "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return {"error": "not a request"}
    try:
        match command:
            case "status":
                pass
            case "start":
                supervisor.start(name)
            case "stop":
                await supervisor.stop(name)
            case "drain":
                supervisor.drain(name)
            case "shutdown":
                supervisor.shutdown()
            case _:
                return {"error": f"unknown command {command!r}"}
    except (UnknownProgramError, TimeoutError) as error:
        return {"error": str(error) or f"{name} did not stop in time"}
    return {"programs": [_document(status) for status in supervisor.statuses()]}


def ask(path: Path, command: str, name: str = "") -> list[ProgramStatus]:
    """Ask the running supervisor. Raises UserError when there is none or it refuses."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(REQUEST_TIMEOUT_SECONDS)
            connection.connect(str(path))
            connection.sendall(json.dumps({"command": command, "name": name}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline())
    except (OSError, ValueError):
        raise UserError(
            f"Thông Suốt chưa chạy ở đây; khởi động bằng: make up (hoặc thongsuot up). / "
            f"Thông Suốt is not running here (no answer at {path}); start it with: make up (or thongsuot up)"
        ) from None
    if "error" in answer:
        raise UserError(answer["error"])
    return [ProgramStatus(**{**item, "state": State(item["state"])}) for item in answer["programs"]]


def is_running(path: Path) -> bool:
    try:
        ask(path, "status")
    except UserError:
        return False
    return True


def _document(status: ProgramStatus) -> dict[str, Any]:
    return {**dataclasses.asdict(status), "state": status.state.value}
