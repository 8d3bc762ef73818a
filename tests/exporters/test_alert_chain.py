"""A sample goes wrong, and the webhook hears of it: the real Prometheus and Alertmanager on generated files."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cramjam
import httpx
import pytest
import yaml

from agent.wire import remote_write
from exporters.prometheus import ScrapeTarget, Webhook, alertmanager_configuration, prometheus_configuration
from exporters.prometheus.alertmanager import INHIBITIONS
from exporters.rules import GROUPS, alerts, rule_file
from hub import installed
from tests.ports import free_ports

WAIT_SECONDS = 60.0


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS:.0f} s: {what}"
        time.sleep(0.2)
    return found


class Receiver:
    """Stands for the hub: keeps what Alertmanager posts."""

    def __init__(self) -> None:
        self.notifications: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.tokens.add(self.headers.get("Authorization", ""))
                receiver.notifications.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/v1/alerts"

    def alerts(self) -> dict[str, dict[str, Any]]:
        return {one["labels"]["alertname"]: one for said in self.notifications for one in said["alerts"]}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@contextlib.contextmanager
def program(*arguments: str, log: Path) -> Iterator[None]:
    with log.open("wb") as output, subprocess.Popen(arguments, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def hurried(text: str) -> str:
    """The same rules without their waiting times: what is tested is the way, not the clock."""
    document = yaml.safe_load(text)
    for group in document["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule.pop("for", None)
    return yaml.safe_dump(document, allow_unicode=True)


@dataclass
class Chain:
    """Addresses."""

    prometheus: str
    alertmanager: str


@pytest.fixture
def chain(tmp_path: Path, receiver: Receiver) -> Iterator[Chain]:
    prometheus_program, alertmanager_program = installed.PROMETHEUS.find(), installed.ALERTMANAGER.find()
    assert prometheus_program is not None
    assert alertmanager_program is not None
    port, alertmanager_port, nobody = free_ports(3)
    (tmp_path / "token").write_text("bí mật")
    (tmp_path / "rules").mkdir()
    for name, group in GROUPS.items():
        text = rule_file(group, hub_site="trung-tam", base_url="https://hub.example:8080")
        (tmp_path / "rules" / f"{name}.yml").write_text(hurried(text), encoding="utf-8")
    (tmp_path / "prometheus.yml").write_text(
        prometheus_configuration(
            ScrapeTarget(f"127.0.0.1:{nobody}", tmp_path / "token"),
            alertmanager_port=alertmanager_port,
            out_of_order_days=1,
            rules=str(tmp_path / "rules" / "*.yml"),
        )
    )
    (tmp_path / "token").write_text("alerts-token")
    text = alertmanager_configuration(Webhook(receiver.url, tmp_path / "token"))
    (tmp_path / "alertmanager.yml").write_text(text.replace("group_wait: 10s", "group_wait: 1s"))
    with (
        program(
            alertmanager_program,
            f"--config.file={tmp_path / 'alertmanager.yml'}",
            f"--storage.path={tmp_path / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{alertmanager_port}",
            "--cluster.listen-address=",
            log=tmp_path / "alertmanager.log",
        ),
        program(
            prometheus_program,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            # What fires before Alertmanager is discovered is said again only after this.
            "--rules.alert.resend-delay=1s",
            log=tmp_path / "prometheus.log",
        ),
    ):
        found = Chain(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{alertmanager_port}")
        for url in (found.prometheus, found.alertmanager):
            until(partial(_ready, url), f"{url} ready")
        yield found


def _ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/-/ready").status_code == 200
    return False


def write(url: str, series: dict[tuple[str, ...], float]) -> None:
    """Keys: family, then label and value by turns."""
    now = int(time.time() * 1000)
    encoded = [
        remote_write.Series(
            tuple(sorted((("__name__", key[0]), *zip(key[1::2], key[2::2], strict=True)))), ((now, value),)
        )
        for key, value in series.items()
    ]
    body = bytes(cramjam.snappy.compress_raw(remote_write.encode(encoded)))
    httpx.post(f"{url}/api/v1/write", content=body, headers={"Content-Encoding": "snappy"}).raise_for_status()


def test_a_lost_site_reaches_the_webhook_in_both_languages_and_holds_back_what_stands_behind_it(
    chain: Chain, receiver: Receiver
) -> None:
    line = ("site", "xa-a", "line", "xa-a-1")
    lost: dict[tuple[str, ...], float] = {
        ("thongsuot_node_up", "site", "xa-a", "node", "n-1"): 0,
        ("thongsuot_line_info", *line, "provider", "VNPT"): 1,
    }

    def told() -> bool:
        write(chain.prometheus, lost)
        return "SiteDown" in receiver.alerts()

    def line_is_held_back() -> bool:
        write(chain.prometheus, lost | {("thongsuot_line_state", *line, "state", "down"): 1})
        known = httpx.get(f"{chain.alertmanager}/api/v2/alerts").json()
        return any(one["labels"]["alertname"] == "LineDown" and one["status"]["inhibitedBy"] for one in known)

    until(told, "SiteDown at the webhook")
    alert = receiver.alerts()["SiteDown"]
    assert alert["status"] == "firing"
    assert (alert["labels"]["site"], alert["labels"]["provider"]) == ("xa-a", "VNPT")
    assert alert["annotations"]["summary_vi"] == "Mất tín hiệu toàn bộ địa điểm xa-a"
    assert alert["annotations"]["summary_en"] == "Nothing is heard from site xa-a"
    assert alert["annotations"]["runbook_url"] == "https://hub.example:8080/huong-dan/SiteDown"
    assert receiver.tokens == {"Bearer alerts-token"}
    until(line_is_held_back, "LineDown held back by SiteDown")
    assert "LineDown" not in receiver.alerts()
    # That alerting works is said too, on its own.
    assert all(len(said["alerts"]) == 1 for said in receiver.notifications if _names(said) == {"Watchdog"})
    until(lambda: "Watchdog" in receiver.alerts(), "the watchdog at the webhook")


def _names(said: dict[str, Any]) -> set[str]:
    return {one["labels"]["alertname"] for one in said["alerts"]}


@pytest.mark.parametrize("watchdog_url", ["", "https://watch.example/ping"])
@pytest.mark.parametrize("board", [None, Webhook("https://127.0.0.1:8080/x", Path("/t"), Path("/ca.pem"))])
def test_amtool_accepts_what_is_generated(tmp_path: Path, board: Webhook | None, watchdog_url: str) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_configuration(board, watchdog_url))
    done = subprocess.run(["amtool", "check-config", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_what_is_generated(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    (tmp_path / "hub.yml").write_text(rule_file(GROUPS["hub"], hub_site="a", base_url=""), encoding="utf-8")
    file = tmp_path / "prometheus.yml"
    target = ScrapeTarget("127.0.0.1:8080", tmp_path / "token")
    rules = str(tmp_path / "hub.yml")
    file.write_text(prometheus_configuration(target, alertmanager_port=1, out_of_order_days=14, rules=rules))
    done = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_watchdog_alone_goes_outside_and_the_board_hears_it_too(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager_configuration(None, "https://watch.example/ping"))
    routed = {
        name: subprocess.run(
            ["amtool", "config", "routes", "test", f"--config.file={file}", f"alertname={name}", "site=xa-a"],
            capture_output=True,
            text=True,
        ).stdout.strip()
        for name in ("Watchdog", "SiteDown", "BackupOld")
    }
    assert routed == {"Watchdog": "watchdog,board", "SiteDown": "board", "BackupOld": "board"}


def test_inhibitions_name_alerts_and_labels_that_there_are() -> None:
    known = {alert.name: alert for alert in alerts()}
    for rule in INHIBITIONS:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, pattern = re.fullmatch(r'(\w+)(?:!=|=~|=)"(.*)"', matcher).groups()  # type: ignore[union-attr]
            if label == "alertname":
                found = [name for name in known if re.fullmatch(pattern, name)]
                assert found, matcher
                if matcher in rule["source_matchers"]:
                    assert all(set(rule.get("equal", ())) <= set(known[name].fires.labels) for name in found)
