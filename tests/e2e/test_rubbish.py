"""Random bytes at every door of a running system: counted, dropped, and nobody is the worse for it."""

from __future__ import annotations

import json
import random
import socket
import tomllib
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.system import System, until

pytestmark = pytest.mark.e2e

PACKETS = 500


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"))
    system.start()
    yield system
    system.stop()


def metric(system: System, name: str) -> float:
    """Sum of all samples of one family."""
    token = (system.data / "secrets" / "metrics.token").read_text()
    with system.client() as client:
        text = client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).raise_for_status().text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def test_random_bytes_at_every_udp_port_are_counted_and_harmless(system: System) -> None:
    settings = tomllib.loads((system.data / "hub.toml").read_text())
    media, workers = settings["media"]["port"], settings["media"]["workers"]
    pids = system.descendants()
    chance = random.Random(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for port in [settings["stamp"]["port"], *range(media, media + workers)]:
            for _ in range(PACKETS):
                # Each first byte that RFC 7983 gives a meaning to, and those it does not.
                size = chance.choice([0, 1, 2, 12, 20, 112, 500, 1400])
                sender.sendto(chance.randbytes(size), ("127.0.0.1", port))
    until(lambda: metric(system, "thongsuot_media_dropped_packets_total") > PACKETS / 2, 20, "drops of the workers")
    until(
        lambda: metric(system, "thongsuot_reflector_dropped_packets_total") > PACKETS / 2,
        20,
        "drops of the reflector",
    )
    assert system.descendants() == pids


def test_rubbish_in_the_signaling_is_answered_and_harmless(system: System) -> None:
    with system.signed_in() as client:
        code = client.post("/api/v1/meetings", json={"title": "Họp thử"}).json()["code"]
    pids = system.descendants()
    chance = random.Random(8)
    address = f"ws://127.0.0.1:{system.hub_port}/api/v1/meetings/{code}/signaling"
    rubbish: list[str | bytes] = [
        "", "x", "[]", "null", "{}", '{"type": 1}', '{"type": "join"}', '{"type": "offer", "sdp": 5}', "{" * 10_000,
        json.dumps({"type": "join", "name": "x" * 100_000}), "\x00" * 1000, chance.randbytes(1000),
    ]  # fmt: skip
    sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:" + "9" * 5000
    rubbish += [
        json.dumps({"type": "offer", "sdp": sdp, "roles": {}}),
        json.dumps({"type": "offer", "offer": sdp, "roles": {"0": "voice-0"}}),
    ]
    for one in rubbish:
        with suppress(ConnectionClosed, TimeoutError), connect(address) as websocket:
            websocket.send(one)
            websocket.recv(timeout=2)
    assert system.descendants() == pids
    with system.client() as client:
        assert client.get(f"/api/v1/meetings/{code}").json()["open"]


def test_rubbish_in_http_is_refused_with_a_problem(system: System) -> None:
    with system.client() as client:
        key = "Bearer " + (system.data / "agent" / "node.key").read_text().strip()
        headers = {"Authorization": key, "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
        for body in (b"", b"\xff" * 100, b"\x80" * 20, random.Random(9).randbytes(5000)):
            answer = client.post("/api/v1/write", content=body, headers=headers)
            # An empty body is an empty request, as the specification has it.
            assert 400 <= answer.status_code < 500 or body == b"", (body, answer.status_code)
        for path in ("/static/../hub.db", "/static/%2e%2e/%2e%2e/hub.db", "/hop/static/../../tables.py", "/hop/%00"):
            assert client.get(path).status_code == 404
        assert client.post("/api/v1/session", content=b"{" * 1000).status_code == 422
        assert client.get("/healthz").json() == {"status": "ok"}
