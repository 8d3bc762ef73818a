"""Servers on loopback that answer by script: SMTP, HTTP (raw bytes, so that half an answer is possible), a modem."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import threading
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exporters.oncall.contracts import Message

MESSAGE = Message(
    to="0912 345 678",
    key="17:binh:opened",
    subject="[NGHIÊM TRỌNG] Xã Kim Xá – Mất kết nối",
    text="[NGHIÊM TRỌNG] Xã Kim Xá – Mất kết nối từ 08:12 (5 phút).\nTiếp nhận: https://ts.example/t/x",
    short="[NGHIEM TRONG] Xa Kim Xa - Mat ket noi tu 08:12 (5 phut). Nhan: https://ts.example/t/x",
    link="https://ts.example/t/x",
    parameters={"place": "Xã Kim Xá", "trouble": "Mất kết nối", "cause": ""},
)


@contextlib.contextmanager
def closed(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()


@dataclass
class Request:
    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpServer:
    """`answers`: raw bytes for one request after the other; the last stays. Empty: hangs up; None: silent."""

    url: str = ""
    answers: list[bytes | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closed(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *rest = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Request(line, headers, body))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    await asyncio.Event().wait()
                else:
                    writer.write(answer)
                    await writer.drain()
                    break


def ok(document: Any, status: str = "200 OK", headers: str = "") -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def raw(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n".encode() + body


@contextlib.asynccontextmanager
async def http_server(*answers: bytes | None) -> AsyncIterator[HttpServer]:
    it = HttpServer(answers=list(answers))
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(it.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    it.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield it
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class SmtpServer:
    """`replies`: what a command (EHLO, MAIL, RCPT, DATA, ".") is answered instead of the usual."""

    port: int = 0
    replies: dict[str, bytes] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        usual = {
            "EHLO": b"250-mail.test\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n",
            "MAIL": b"250 ok\r\n",
            "RCPT": b"250 ok\r\n",
            "DATA": b"354 go on\r\n",
            ".": b"250 queued as 42\r\n",
            "RSET": b"250 ok\r\n",
            "QUIT": b"221 bye\r\n",
        }
        with closed(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            writer.write(self.replies.get("", b"220 mail.test ESMTP\r\n"))
            while True:
                line = (await reader.readuntil(b"\r\n")).decode().strip()
                self.commands.append(line)
                verb = line.split(" ")[0].split(":")[0].upper()
                reply = self.replies.get(verb, usual.get(verb, b"502 what\r\n"))
                if not reply:
                    break
                writer.write(reply)
                if verb == "DATA" and reply.startswith(b"354"):
                    self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(self.replies.get(".", usual["."]))
                if verb == "QUIT":
                    break


@contextlib.asynccontextmanager
async def smtp_server(replies: dict[str, bytes] | None = None) -> AsyncIterator[SmtpServer]:
    it = SmtpServer(replies=replies or {})
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(it.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Modem:
    """A modem behind a pseudo-terminal. `answers`: by the beginning of a command; a function gets the whole line."""

    def __init__(self, answers: dict[str, str | Callable[[str], str]] | None = None) -> None:
        self.answers: dict[str, str | Callable[[str], str]] = {
            "ATE0": "OK",
            "AT+CMEE": "OK",
            "AT+CPIN?": "+CPIN: READY\r\n\r\nOK",
            "AT+CMGF": "OK",
            "AT+CNMI": "OK",
            "AT+CREG?": "+CREG: 0,1\r\n\r\nOK",
            "AT+CMGS": "> ",
            "\x1a": "+CMGS: 7\r\n\r\nOK",
            **(answers or {}),
        }
        self.commands: list[str] = []
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="test-modem", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        os.write(self._master, text.encode())

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        os.close(self._slave)
        os.close(self._master)

    def _serve(self) -> None:
        held = b""
        while not self._ended.is_set():
            if not select.select([self._master], [], [], 0.02)[0]:
                continue
            held += os.read(self._master, 1024)
            while True:
                ends = [at for at in (held.find(b"\r"), held.find(b"\x1a")) if at >= 0]
                if not ends:
                    break
                at = min(ends)
                line, mark, held = held[:at].decode(), held[at : at + 1], held[at + 1 :]
                self._answer(line.replace("\x1b", ""), mark == b"\x1a")

    def _answer(self, line: str, is_text: bool) -> None:
        if not line:
            return
        self.commands.append(line)
        key = "\x1a" if is_text else max(
            (one for one in self.answers if line.startswith(one)), key=len, default=""
        )  # fmt: skip
        found = self.answers.get(key, "OK")
        said = found(line) if callable(found) else found
        if said == "> ":
            self.say("\r\n> ")
        elif said:
            self.say(f"\r\n{said}\r\n")


@contextlib.contextmanager
def modem(answers: dict[str, str | Callable[[str], str]] | None = None) -> Iterator[Modem]:
    it = Modem(answers)
    try:
        yield it
    finally:
        it.close()
