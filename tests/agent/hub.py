"""A tiny hub on loopback for the agent's tests: answers as told and keeps what it was sent."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cramjam

from agent.wire.events import EVENTS_PATH, Event, EventBatch
from agent.wire.events import parse as parse_events
from agent.wire.stamp import ReflectorPacket, StampError, decode_sender, encode_reflector
from collector.ingest.remote_write_pb2 import Label, WriteRequest

TOKEN = "ts-" + "a" * 32
KEY = "the-key"


@dataclass
class Written:
    body: bytes
    headers: dict[str, str]
    at: float

    @property
    def samples(self) -> list[tuple[dict[str, str], int, float]]:
        """(labels, Unix ms, value) as the collector would decode them."""
        return decode(bytes(cramjam.snappy.decompress_raw(self.body)))


def decode(payload: bytes) -> list[tuple[dict[str, str], int, float]]:
    request = WriteRequest.FromString(payload)
    found: list[tuple[dict[str, str], int, float]] = []
    for series in request.timeseries:
        labels = [Label.FromString(one) for one in series.labels]
        named = {label.name: label.value for label in labels}
        found.extend((named, sample.timestamp, sample.value) for sample in series.samples)
    return found


@dataclass
class Hub:
    """`write` decides on each write request: (status, headers, body)."""

    port: int = 0
    secure: bool = False
    ca_pem: bytes | None = None
    token: str = TOKEN
    enrolled: list[dict[str, Any]] = field(default_factory=list)
    enrol_status: int | None = None
    configuration: dict[str, Any] | None = None
    configuration_requests: list[str | None] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    write: Callable[[Written], tuple[int, dict[str, str], bytes]] = lambda _written: (204, {}, b"")
    refuse_key: bool = False
    events: list[tuple[str, Event]] = field(default_factory=list)
    """(epoch, event) as applied, each once."""
    event_requests: list[EventBatch] = field(default_factory=list)
    event_status: Callable[[EventBatch], int] = lambda _batch: 200
    clock_offset: float = 0.0
    host: str = "127.0.0.1"
    silent: bool = False
    """Hangs up without an answer."""
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"

    @property
    def samples(self) -> list[tuple[dict[str, str], int, float]]:
        return [sample for one in list(self.written) for sample in one.samples]

    def wait(self, ready: Callable[[], bool], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise AssertionError("the agent did not do what was waited for")
            self.arrived.wait(0.05)
            self.arrived.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub, certificate: Path | None) -> None:
        self.hub = hub
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        super().__init__((hub.host, hub.port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context is None:
            return super().finish_request(request, client_address)
        try:
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.close_connection = self.close_connection or self.server.hub.silent

    def do_GET(self) -> None:
        hub = self.server.hub
        if hub.silent:
            return None
        if self.path == "/ca.pem" and hub.ca_pem is not None:
            return self._answer(200, {}, hub.ca_pem)
        if self.path == "/healthz":
            return self._answer(200, {}, b'{"status":"ok"}')
        if self.path == "/api/v1/node/config":
            if hub.refuse_key or self.headers["Authorization"] != f"Bearer {KEY}":
                return self._answer(401, {}, b'{"detail":"unknown"}')
            content = json.dumps(hub.configuration).encode()
            etag = f'"{hash(content)}"'
            known = self.headers["If-None-Match"]
            hub.configuration_requests.append(known)
            hub.arrived.set()
            return self._answer(304 if known == etag else 200, {"ETag": etag}, b"" if known == etag else content)
        return self._answer(404, {}, b"")

    def do_POST(self) -> None:
        hub = self.server.hub
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if hub.silent:
            return None
        if self.path == "/api/v1/enrol":
            asked = json.loads(body)
            if hub.enrol_status is not None:
                return self._answer(hub.enrol_status, {}, b'{"detail":"not now"}')
            if asked["token"] != hub.token or hub.enrolled:
                return self._answer(401, {}, b'{"detail":"The enrolment token is not right."}')
            hub.enrolled.append(asked)
            return self._answer(201, {}, json.dumps({"node": "n1", "key": KEY, "site": "yen-thai"}).encode())
        if hub.refuse_key or self.headers["Authorization"] != f"Bearer {KEY}":
            return self._answer(401, {}, b'{"detail":"unknown"}')
        if self.path == EVENTS_PATH:
            return self._take_events(parse_events(body))
        written = Written(body, dict(self.headers), time.monotonic())
        status, headers, content = hub.write(written)
        if 200 <= status < 300:
            hub.written.append(written)
        hub.arrived.set()
        return self._answer(status, headers, content)

    def _take_events(self, batch: EventBatch) -> None:
        hub = self.server.hub
        hub.event_requests.append(batch)
        status = hub.event_status(batch)
        applied = max((one.sequence for epoch, one in hub.events if epoch == batch.epoch), default=None)
        if status == 200 and applied is not None and batch.events[0].sequence > applied + 1:
            status = 409
        if status == 200:
            hub.events += [(batch.epoch, one) for one in batch.events if applied is None or one.sequence > applied]
        hub.arrived.set()
        return self._answer(status, {}, json.dumps({"applied_through": batch.events[-1].sequence}).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Thongsuot-Time", f"{time.time() + self.server.hub.clock_offset:.3f}")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)


@contextmanager
def serving(hub: Hub | None = None, certificate: Path | None = None) -> Iterator[Hub]:
    """A hub on `hub.port`, or on a free one. `certificate`: PEM of chain and key, for TLS."""
    hub = hub or Hub()
    server = _Server(hub, certificate)
    hub.port = server.server_address[1]
    hub.secure = certificate is not None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Reflector:
    """A real reflector on loopback that drops by pattern. `drop_up`, `drop_down`: by count of packets."""

    key: bytes
    port: int = 0
    drop_up: Callable[[int], bool] = lambda _count: False
    drop_down: Callable[[int], bool] = lambda _count: False
    came: int = 0
    reflected: int = 0
    up_log: list[float] = field(default_factory=list)
    down_log: list[float] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    host: str = "127.0.0.1"


@contextmanager
def reflecting(reflector: Reflector) -> Iterator[Reflector]:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((reflector.host, reflector.port))
    udp.settimeout(0.1)
    reflector.port = udp.getsockname()[1]
    ended = threading.Event()
    counts: dict[Any, int] = {}

    def reflect() -> None:
        while not ended.is_set():
            try:
                datagram, source = udp.recvfrom(2048)
            except TimeoutError:
                continue
            received = time.time()
            try:
                packet = decode_sender(datagram, reflector.key)
            except StampError:
                continue
            reflector.ports.add(source[1])
            reflector.came += 1
            if reflector.drop_up(reflector.came):
                reflector.up_log.append(packet.timestamp)
                continue
            number = counts.setdefault(source, 0)
            counts[source] += 1
            reflector.reflected += 1
            if reflector.drop_down(reflector.reflected):
                reflector.down_log.append(packet.timestamp)
                continue
            answer = ReflectorPacket(
                number, time.time(), packet.ssid, received, packet.sequence_number, packet.timestamp, 64
            )
            udp.sendto(encode_reflector(answer, reflector.key), source)

    thread = threading.Thread(target=reflect, daemon=True)
    thread.start()
    try:
        yield reflector
    finally:
        ended.set()
        thread.join()
        udp.close()
