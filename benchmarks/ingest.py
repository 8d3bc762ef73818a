"""How many samples a second the hub takes in: HTTP, checks, stamping, queue and line minutes on disk.

Compared with Prometheus' own remote-write receiver (Debian's) fed with the same requests in the same run. 300 series
a node, 30 samples each a request, one connection after the other's answer: what one core of the hub can answer.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx
import psutil

from agent.wire import remote_write
from tests.e2e.system import System, until

SERIES = 300
SAMPLES = 30
REQUESTS = 200


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder))
        system.start()
        try:
            key = until((system.data / "agent" / "node.key").exists, 30, "the node's key")
            key = (system.data / "agent" / "node.key").read_text().strip()
            bodies = list(_bodies(time.time()))
            print(f"\ningest, {REQUESTS} requests of {SERIES * SAMPLES} samples    samples/s   samples/s of CPU")
            headers = {"Authorization": f"Bearer {key}"}
            _feed("hub", f"{system.url}/api/v1/write", headers, bodies, system.pid_of("hub"))
            _feed("Prometheus", f"{system.prometheus_url}/api/v1/write", {}, bodies, system.pid_of("prometheus"))
        finally:
            system.stop()


def _bodies(now: float) -> list[bytes]:
    start = int(now) - REQUESTS * SAMPLES
    bodies = []
    for request in range(REQUESTS):
        times = [1000 * (start + request * SAMPLES + index) for index in range(SAMPLES)]
        many = [
            remote_write.Series(
                (("__name__", "bench_metric"), ("core", str(number)), ("mode", "idle")),
                tuple((at, float(at % 977)) for at in times),
            )
            for number in range(SERIES)
        ]
        bodies.append(remote_write.compress(remote_write.encode(many)))
    return bodies


def _feed(name: str, url: str, headers: dict[str, str], bodies: list[bytes], pid: int) -> None:
    process = psutil.Process(pid)
    before = process.cpu_times()
    began = time.monotonic()
    waited = 0.0
    with httpx.Client(headers={**remote_write.headers("benchmark"), **headers}, timeout=60) as client:
        for body in bodies:
            while (answer := client.post(url, content=body)).status_code == 429:
                pause = float(answer.headers.get("Retry-After", "1"))
                waited += pause
                time.sleep(pause)
            answer.raise_for_status()
    seconds = time.monotonic() - began - waited
    after = process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    total = REQUESTS * SERIES * SAMPLES
    print(f"{name:<40} {total / seconds:>12,.0f} {total / cpu:>18,.0f}")
