"""A hub, Prometheus and Alertmanager as they are generated, only in a hurry; a node that says what it is told to.

`python -m tests.e2e.oncall_system DATA` is the hub alone, in a hurry too.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml

from agent.wire import families, remote_write
from agent.wire.configuration import RTT_BUCKETS_SECONDS, WINDOW_SECONDS, WRITE_PATH
from agent.wire.remote_write import Series, series
from collector import accounts, directory
from collector.accounts import api_tokens
from collector.directory.nodes import enrol, issue_token
from collector.tables import Line, Site
from collector.tables import Person as PersonRow
from exporters.oncall.contracts import Contact, Person
from exporters.oncall.rota.store import write_reach
from exporters.oncall.rota.tables import RotationRow
from hub import configuration, database, installed, oncall, server
from hub.paths import paths
from hub.programs import programs
from tests.e2e.system import until
from tests.ports import free_ports

ESCALATION_SECONDS = 4
PEOPLE = ("an", "binh", "chi")
SITE, LINE = "xa-kim-xa", "xa-kim-xa-1"
HURRIED = ("LineDown", "LineUploadBelowContract")
"""Alerts that are told without their waiting time; the others keep theirs."""


class Sink:
    """Where messages arrive. `holding`: it takes them in and never answers."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.holding = threading.Event()
        self.let_go = threading.Event()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.messages.append({**said, "person": self.path.rpartition("/")[2]})
                if sink.holding.is_set():
                    sink.let_go.wait(60)
                    return
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def of(self, person: str) -> list[dict[str, Any]]:
        return [one for one in self.messages if one["person"] == person]


class OncallSystem:
    def __init__(self, data: Path, sink: Sink) -> None:
        data.mkdir(parents=True)
        self.data, self.sink = data, sink
        self.hub_port, self.prometheus_port, self.alertmanager_port = free_ports(3)
        self.url = f"http://127.0.0.1:{self.hub_port}"
        (data / "hub.toml").write_text(
            f"[hub]\nport = {self.hub_port}\n[media]\nworkers = 1\n[agent]\nenabled = false\n"
            f"[prometheus]\nport = {self.prometheus_port}\n[alertmanager]\nport = {self.alertmanager_port}\n"
            "[grafana]\nenabled = false\n"
            f"[oncall]\nescalation_seconds = {ESCALATION_SECONDS}\ngather_seconds = 12\n[backup]\nenabled = false\n"
        )
        (data / "channels.toml").write_text(f'[webhook]\nallowed = ["{sink.address}/"]\n')
        self.node_key = self._directory()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        settings = configuration.load(data / "hub.toml")
        self._commands = {
            one.name: one.arguments
            for one in programs(settings, data / "hub.toml", paths(data))
            if one.name in ("prometheus", "alertmanager")
        }
        self._commands["hub"] = (sys.executable, "-m", "tests.e2e.oncall_system", str(data))
        _hurry(data)

    def _directory(self) -> str:
        where = paths(self.data)
        where.create()
        engine = database.opened(where)
        with database.sessions(engine).begin() as session:
            district = directory.add_unit(session, "252", "Vĩnh Tường", "huyen")
            unit = directory.add_unit(session, "08650", "Xã Kim Xá", "xa", parent=district)
            directory.ensure_site(session, SITE, "UBND xã Kim Xá", unit=unit, provider="VNPT")
            # Whatever the hour is at which this test runs.
            session.query(Site).filter_by(code=SITE).update({"hours": "always"})
            session.query(Line).filter_by(code=LINE).update({"hotline": "18001166"})
            accounts.add(session, "lan", "đủ dài và chỉ để thử", time.time(), display_name="Lan", role="technician")
            lan = accounts.find(session, "lan")
            assert lan is not None
            self.api_token, _ = api_tokens.issue(session, lan.id, "e2e", ["read", "write"], 1, time.time())
            for layer, name in enumerate(PEOPLE, 1):
                session.add(PersonRow(code=name, name=name.title(), title="", search=name))
                session.flush()
                write_reach(session, Person(name, name, (Contact("webhook", f"{self.sink.address}/{name}"),)))
                session.add(
                    RotationRow(unit="", layer=layer, every="week", people=[name], starts="2026-01-05", handover=0)
                )
            token = issue_token(session, SITE, time.time())
            key = enrol(session, str(token), "pc-kim-xa", "Debian 12", "0.1.0", time.time()).key
        engine.dispose()
        return key

    def start(self, name: str) -> None:
        log = (self.data / f"{name}.log").open("ab")
        with log:
            self._running[name] = subprocess.Popen(self._commands[name], stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)

    def ready(self) -> None:
        for url in (
            f"{self.url}/healthz",
            f"http://127.0.0.1:{self.prometheus_port}/-/ready",
            f"http://127.0.0.1:{self.alertmanager_port}/-/ready",
        ):
            until(partial(_answers, url), 60, f"{url} answers")

    def say(self, samples: list[Series]) -> None:
        """As the node, by remote write."""
        headers = {**remote_write.headers("thongsuot-e2e/1", time.time()), "Authorization": f"Bearer {self.node_key}"}
        body = remote_write.compress(remote_write.encode(samples))

        def answered() -> bool:
            status = httpx.post(f"{self.url}{WRITE_PATH}", content=body, headers=headers, timeout=10).status_code
            # The hub reads its directory some moments after its start.
            assert status in (204, 401), status
            return status == 204

        until(answered, 20, "the hub knows the node")

    def tell_prometheus(self, name: str, labels: dict[str, str], value: float) -> None:
        said = Series(tuple(sorted({"__name__": name, **labels}.items())), ((int(time.time() * 1000), value),))
        httpx.post(
            f"http://127.0.0.1:{self.prometheus_port}/api/v1/write",
            content=remote_write.compress(remote_write.encode([said])),
            headers={"Content-Encoding": "snappy"},
        ).raise_for_status()

    def known_to_alertmanager(self) -> dict[str, dict[str, Any]]:
        found = httpx.get(f"http://127.0.0.1:{self.alertmanager_port}/api/v2/alerts").json()
        return {one["labels"]["alertname"]: one for one in found}

    def post_alerts(self, *alerts: dict[str, Any], group: str) -> int:
        """As Alertmanager."""
        token = (self.data / "secrets" / "alerts.token").read_text()
        answer = httpx.post(
            f"{self.url}/api/v1/alerts",
            json={"version": "4", "groupKey": group, "alerts": alerts},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        return answer.status_code

    def trouble(self, number: int) -> dict[str, Any]:
        """As a technician who is signed in reads it."""
        headers = {"Authorization": f"Bearer {self.api_token}"}
        found: dict[str, Any] = httpx.get(f"{self.url}/api/v1/troubles/{number}", headers=headers).json()
        return found

    def metrics(self) -> dict[str, float]:
        token = (self.data / "secrets" / "metrics.token").read_text()
        text = httpx.get(f"{self.url}/metrics", headers={"Authorization": f"Bearer {token}"}).text
        lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith("thongsuot_oncall_"))
        return {name: float(value) for name, _, value in lines}


def windows(lost: bool, count: int, ago: int = 0) -> Iterator[Series]:
    """`count` windows of the line until so many seconds ago; lost, what lies behind the gateway does not answer."""
    newest = int(time.time() - ago) // WINDOW_SECONDS * WINDOW_SECONDS
    for end in range(newest - (count - 1) * WINDOW_SECONDS, newest + 1, WINDOW_SECONDS):
        yield from _window(end, lost)


def _window(end: int, lost: bool) -> Iterator[Series]:
    def one(name: str, value: float, *more: tuple[str, str]) -> Series:
        return series(name, (("line", LINE), *more), end * 1000, value)

    received = 0 if lost else 100
    yield one(families.LINE_SENT, 100)
    yield one(families.LINE_RECEIVED, received)
    yield one(families.LINE_LOST, 100 - received, ("direction", "up"))
    yield one(families.LINE_LOST, 0, ("direction", "down"))
    for name in (
        families.LINE_UNMEASURED, families.LINE_LATE, families.LINE_DUPLICATE, families.LINE_REORDERED,
        families.LINE_SKIPPED, families.LINE_LATE_SENDS,
    ):  # fmt: skip
        yield one(name, 0)
    yield one(families.LINE_LOSS_BURSTS, int(lost))
    for target, address, answers in (("gateway", "192.168.1.1", 10), ("first_hop", "100.64.0.1", received // 10)):
        labels = (("target", target), ("address", address))
        yield series(families.ICMP_SENT, labels, end * 1000, 10)
        yield series(families.ICMP_RECEIVED, labels, end * 1000, answers)
    if not lost:
        for quantile in ("0", "0.5", "0.95", "1"):
            yield one(families.LINE_RTT, 0.01, ("quantile", quantile))
        for bound in (*RTT_BUCKETS_SECONDS, math.inf):
            le = "+Inf" if bound == math.inf else repr(bound)
            yield one(families.LINE_RTT_BUCKET, 100 if bound >= 0.01 else 0, ("le", le))
        yield one(families.LINE_JITTER, 0.001)
        yield one(families.LINE_IPDV, 0.002, ("quantile", "0.95"))


def _hurry(data: Path) -> None:
    """Shorter waiting times in what was generated: what is tested is the way, not the clock."""
    where = paths(data)
    for file in (where.prometheus / "rules").glob("*.yml"):
        document = yaml.safe_load(file.read_text())
        for group in document["groups"]:
            group["interval"] = "1s"
            # The hub's other programs do not run here, and that would be said as well.
            rules = [rule for rule in group["rules"] if rule.get("labels", {}).get("scope") != "hub"]
            group["rules"] = rules
            for rule in rules:
                if rule.get("alert") in HURRIED:
                    rule.pop("for", None)
        file.write_text(yaml.safe_dump(document, allow_unicode=True))
    prometheus = where.prometheus / "prometheus.yml"
    prometheus.write_text(prometheus.read_text().replace("15s", "1s"))
    alertmanager = where.alertmanager / "alertmanager.yml"
    text = alertmanager.read_text().replace("group_wait: 10s", "group_wait: 1s")
    alertmanager.write_text(text.replace("group_interval: 1m", "group_interval: 2s"))


def _answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, timeout=5).status_code == 200
    return False


def main(data: Path) -> None:
    oncall.GONE_SECONDS = 5.0
    settings = configuration.load(data / "hub.toml")
    asyncio.run(server.serve(settings, paths(data)))


if __name__ == "__main__":
    assert installed.PROMETHEUS.find()
    main(Path(sys.argv[1]))
