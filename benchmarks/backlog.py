"""How long a node that was cut off for ten days takes to deliver them, and how old its fresh data is meanwhile.

300 series every 30 s, in the node's real queue, sent by the real agent to a real hub with its Prometheus. Beside it,
how long Prometheus' own receiver takes for the same samples, sent straight to it in requests of the same size.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from agent.queue import Queue, read_status
from agent.wire import remote_write
from tests.e2e.system import System, until

DAYS = 10
SERIES = 300
INTERVAL_SECONDS = 30
ROWS_PER_REQUEST = 6
LIMIT_SECONDS = 1800


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder) / "hub", workers=1)
        system.start()
        try:
            _measure(system, Path(folder) / "node")
        finally:
            system.stop()


def rows(now: float) -> Iterator[tuple[float, bytes]]:
    """Unix seconds and the collection of that instant, the oldest first. Made of one by changing its times."""
    first = int(now) - DAYS * 86_400
    template_ms = first * 1000
    template = remote_write.encode(
        remote_write.series(
            "bench_backlog", (("instance", "cut-off"), ("item", f"{number:03d}")), template_ms, number
        )
        for number in range(SERIES)
    )
    old = b"\x10" + remote_write.varint(template_ms)
    for at in range(first, int(now) - INTERVAL_SECONDS, INTERVAL_SECONDS):
        yield float(at), template.replace(old, b"\x10" + remote_write.varint(at * 1000))


def _measure(system: System, state: Path) -> None:
    token = system.command("agent", "token", "--site", "xa-kim-xa", "--name", "Xã Kim Xá").stdout.split()[0]
    agent = [sys.executable, "-m", "agent.cli"]
    enrol = ["enrol", "--hub", system.url, "--token", token, "--state", str(state)]
    subprocess.run([*agent, *enrol], check=True, capture_output=True)
    now = time.time()
    with Queue(state / "queue.db") as queue:
        for at, payload in rows(now):
            queue.put(payload, SERIES, at)
        waiting = queue.status()
    size = (state / "queue.db").stat().st_size / 2**20
    print(f"\nbacklog: {waiting.samples:,} samples of {DAYS} days, {size:,.0f} MiB on the node's disk")

    began = time.monotonic()
    oldest = 0.0
    node = subprocess.Popen(
        [*agent, "run", "--state", str(state), "--no-local-metrics"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with system.signed_in() as client:
            until(lambda: _node(client)["readings_age_seconds"] is not None, 60, "the first fresh readings")
            first_fresh = time.monotonic() - began
            while (left := read_status(state / "queue.db").samples) > 3 * SERIES:
                assert time.monotonic() - began < LIMIT_SECONDS, f"{left:,} samples are still there"
                oldest = max(oldest, _node(client)["readings_age_seconds"])
                time.sleep(1)
    finally:
        node.terminate()
        node.wait()
    seconds = time.monotonic() - began
    arrived = "sum(count_over_time(bench_backlog[11d]))"
    until(lambda: _count(system, arrived) >= waiting.samples, 300, "all of it in Prometheus")
    print(f"{'agent → hub → Prometheus':<40} {seconds:>8.0f} s {waiting.samples / seconds:>12,.0f} samples/s")
    print(f"{'fresh data: first after':<40} {first_fresh:>8.0f} s, then never older than {oldest:.0f} s (goal 60 s)")
    stored = _count(system, arrived)
    print(f"{'stored in Prometheus':<40} {stored:>10,} of {waiting.samples:,}, none twice")
    assert stored == waiting.samples
    seconds = _straight(system, now)
    print(f"{'straight to Prometheus':<40} {seconds:>8.0f} s {waiting.samples / seconds:>12,.0f} samples/s")


def _straight(system: System, now: float) -> float:
    """The same samples under another name, without a hub between."""
    began = time.monotonic()
    with httpx.Client(headers=remote_write.headers("benchmark"), timeout=60) as client:
        payload, count = b"", 0
        for _, one in rows(now):
            payload, count = payload + one.replace(b"cut-off", b"at-hand"), count + 1
            if count == ROWS_PER_REQUEST:
                body = remote_write.compress(payload)
                client.post(f"{system.prometheus_url}/api/v1/write", content=body).raise_for_status()
                payload, count = b"", 0
    return time.monotonic() - began


def _node(client: httpx.Client) -> dict[str, Any]:
    sites = {site["code"]: site for site in client.get("/api/v1/board").raise_for_status().json()["sites"]}
    nodes: list[dict[str, Any]] = sites["xa-kim-xa"]["nodes"]
    return nodes[0] if nodes else {"readings_age_seconds": None}


def _count(system: System, expression: str) -> int:
    answer = httpx.get(f"{system.prometheus_url}/api/v1/query", params={"query": expression}, timeout=120)
    found = answer.raise_for_status().json()["data"]["result"]
    return int(found[0]["value"][1]) if found else 0
