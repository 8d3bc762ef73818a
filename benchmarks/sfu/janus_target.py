"""Janus VideoRoom as Debian ships it, in its best configuration: `event_loops = 1`, ICE-lite, no TURN, no logs.

Its API over a Unix socket (janus.transport.pfunix): nothing but media goes through the network.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.sfu.peer import FINGERPRINT, Peer
from benchmarks.sfu.sdp import describe, read

ROOM = 1234
LIBRARIES = "/usr/lib/x86_64-linux-gnu/janus"
_MESSAGE_BYTES = 1 << 18


def installed() -> bool:
    return shutil.which("janus") is not None


class JanusTarget:
    """One session; a handle per peer."""

    def __init__(self, opened: socket.socket, pid: int) -> None:
        self.pid = pid
        self._socket = opened
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._session = 0
        self._publisher_id = 0
        self._publisher_mids: tuple[str, ...] = ()

    async def open(self) -> None:
        self._session = (await self._ask({"janus": "create"}))["data"]["id"]
        handle = await self._attach()
        room = {
            "request": "create",
            "room": ROOM,
            "publishers": 10,
            "audiocodec": "opus",
            "videocodec": "vp8",
            "bitrate": 0,
            "audiolevel_event": False,
            "notify_joining": False,
        }
        await self._message(handle, room)

    async def publish(self, peer: Peer) -> None:
        handle = await self._attach()
        joined = await self._message(handle, {"request": "join", "ptype": "publisher", "room": ROOM})
        self._publisher_id = joined["id"]
        offer = describe(peer.ufrag, peer.password, FINGERPRINT, sends=True, setup="actpass", mids=("0", "1"))
        reply = await self._message(handle, {"request": "publish"}, {"type": "offer", "sdp": offer})
        await peer.connect(read(reply["jsep"]["sdp"]))

    async def subscribe(self, peer: Peer) -> None:
        handle = await self._attach()
        wanted = {
            "request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": self._publisher_id}],
        }  # fmt: skip
        offer = (await self._message(handle, wanted))["jsep"]["sdp"]
        remote = read(offer)
        mids = tuple(line[6:] for line in offer.replace("\r", "").split("\n") if line.startswith("a=mid:"))
        answer = describe(
            peer.ufrag, peer.password, FINGERPRINT, sends=False, setup="active", mids=(mids[0], mids[1])
        )
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        await peer.connect(remote)

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self._socket, _MESSAGE_BYTES):
            message = json.loads(data)
            if message.get("janus") in ("ack", "keepalive"):
                continue
            waiting = self._replies.pop(message.get("transaction", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def keep_alive(self) -> None:
        while True:
            await asyncio.sleep(20)
            await self._send({"janus": "keepalive", "session_id": self._session, "transaction": "keep"})

    async def _attach(self) -> int:
        attach = {"janus": "attach", "session_id": self._session, "plugin": "janus.plugin.videoroom"}
        handle: int = (await self._ask(attach))["data"]["id"]
        return handle

    async def _message(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        request = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        if jsep is not None:
            request["jsep"] = jsep
        reply = await self._ask(request)
        data: dict[str, Any] = reply.get("plugindata", {}).get("data", {})
        if "error" in data or reply["janus"] == "error":
            raise ConnectionError(f"Janus: {data.get('error') or reply.get('error')}")
        reply_data: dict[str, Any] = data | {"jsep": reply.get("jsep", {})}
        return reply_data

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        transaction = secrets.token_hex(6)
        waiting = self._replies[transaction] = asyncio.get_running_loop().create_future()
        await self._send(request | {"transaction": transaction})
        async with asyncio.timeout(30):
            reply: dict[str, Any] = await waiting
        return reply

    async def _send(self, request: dict[str, Any]) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, json.dumps(request).encode())


@contextlib.asynccontextmanager
async def janus(folder: Path, address: str, core: int) -> AsyncIterator[JanusTarget]:
    """Raises FileNotFoundError where Janus is not installed (apt install janus)."""
    path = folder / "janus.sock"
    _write_configuration(folder, path, address)
    with (folder / "janus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("taskset", "-c", str(core), "janus", "--configs-folder", str(folder)), stdout=log, stderr=log
        )
    try:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        opened.setblocking(False)
        async with asyncio.timeout(20):
            while process.returncode is None:
                try:
                    opened.connect(str(path))
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    await asyncio.sleep(0.1)
        if process.returncode is not None:
            raise ConnectionError(f"Janus did not start: {(folder / 'janus.log').read_text()[-2500:]}")
        target = JanusTarget(opened, process.pid)
        tasks = [asyncio.create_task(target.listen()), asyncio.create_task(target.keep_alive())]
        try:
            await target.open()
            yield target
        finally:
            for task in tasks:
                task.cancel()
            opened.close()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _write_configuration(folder: Path, path: Path, address: str) -> None:
    plugins, transports = ",".join(_others("plugins", "videoroom")), ",".join(_others("transports", "pfunix"))
    (folder / "janus.jcfg").write_text(
        f"""general: {{
    configs_folder = "{folder}"
    plugins_folder = "{LIBRARIES}/plugins"
    transports_folder = "{LIBRARIES}/transports"
    events_folder = "{LIBRARIES}/events"
    loggers_folder = "{LIBRARIES}/loggers"
    debug_level = 4
    event_loops = 1
    session_timeout = 120
}}
nat: {{
    ice_lite = true
    ice_enforce_list = "{address}"
}}
media: {{ ipv6 = false no_media_timer = 30 slowlink_threshold = 0 }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
    )
    (folder / "janus.transport.pfunix.jcfg").write_text(
        f'general: {{ enabled = true json = "compact" path = "{path}" type = "SOCK_SEQPACKET" }}\n'
        "admin: { admin_enabled = false }\n"
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")


def _others(kind: str, kept: str) -> list[str]:
    return sorted(file.name for file in (Path(LIBRARIES) / kind).glob("*.so") if kept not in file.name)
