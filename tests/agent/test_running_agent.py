"""The real process: enrols itself, measures, delivers, obeys, survives kill -9, ends on a signal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.queue import Queue, read_status
from agent.state import StateFolder
from tests.agent import certificates
from tests.agent.hub import TOKEN, Hub, Reflector, Written, free_port, reflecting, serving

KEY = bytes(range(32))


def configuration(*lines: tuple[str, int], interval: int = 1) -> dict[str, Any]:
    return {
        "node": "n1",
        "site": "yen-thai",
        "sampling_interval_seconds": interval,
        "lines": [
            {
                "line": line,
                "stamp": {"host": "", "port": port, "ssid": 3, "key": KEY.hex(), "packets_per_second": 50},
            }
            for line, port in lines
        ],
    }


class Node:
    def __init__(self, folder: Path) -> None:
        self.state = StateFolder(folder / "state")
        self.token = folder / "enrol.token"
        self.token.write_text(TOKEN)
        self.metrics_port = free_port()

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "agent.cli", *arguments, "--state", str(self.state.root)]

    @contextmanager
    def running(self, hub: Hub, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [
                *self.command("run", "--hub", hub.url, "--token-file", str(self.token)),
                *("--metrics-port", str(self.metrics_port), *arguments),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def once(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("THONGSUOT")}
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=False, timeout=30, env=environment
        )


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def names(hub: Hub) -> set[str]:
    return {labels["__name__"] for labels, _time, _value in hub.samples}


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str]:
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_enrols_measures_delivers_and_ends_on_a_signal(node: Node, number: int) -> None:
    with reflecting(Reflector(KEY)) as reflector, serving(Hub()) as hub:
        hub.configuration = configuration(("l1", reflector.port))
        with node.running(hub) as process:
            hub.wait(lambda: {"thongsuot_cpu_seconds_total", "thongsuot_agent_queue_samples"} <= names(hub))
            hub.wait(lambda: reflector.reflected > 10)
            with urllib.request.urlopen(f"http://127.0.0.1:{node.metrics_port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
            status, said = ended(process, number)
    assert status == 0
    assert "enrolled as node n1 of site yen-thai" in said
    assert "Traceback" not in said
    assert not node.token.exists()
    assert re.search(r"^thongsuot_agent_info\{.*\} 1$", text, re.MULTILINE)
    assert read_status(node.state.queue).rows == 0


def test_windows_reach_the_hub_true_even_of_a_process_that_was_stopped(node: Node) -> None:
    with reflecting(Reflector(KEY, drop_up=lambda count: count % 10 == 5)) as reflector, serving(Hub()) as hub:
        hub.configuration = configuration(("l1", reflector.port))
        with node.running(hub) as process:
            hub.wait(lambda: reflector.came > 20)
            process.send_signal(signal.SIGSTOP)
            time.sleep(1.5)
            process.send_signal(signal.SIGCONT)
            # A window is said five seconds after its end.
            hub.wait(lambda: "thongsuot_line_lost_packets" in names(hub), seconds=25)
            ended(process)
    said: dict[tuple[str, str, int], float] = {
        (labels["__name__"], labels.get("direction", ""), unix): value
        for labels, unix, value in hub.samples
        if labels.get("line") == "l1" and "le" not in labels and "quantile" not in labels
    }
    for name, direction, unix in said:
        if name != "thongsuot_line_lost_packets" or direction != "up":
            continue
        assert unix % 10_000 == 0
        sent, received = (said[f"thongsuot_line_{word}_packets", "", unix] for word in ("sent", "received"))
        up, down = said[name, "up", unix], said[name, "down", unix]
        unmeasured = said["thongsuot_line_unmeasured_packets", "", unix]
        assert up + down + unmeasured == sent - received > 0
        assert down == 0
        # What was in flight when the process was stopped is nobody's loss.
        assert abs(up + unmeasured - sent / 10) <= 2


def test_kill_9_and_an_absent_hub_lose_nothing_that_was_committed(node: Node) -> None:
    hub = Hub()
    with serving(hub):
        hub.configuration = configuration()
        with node.running(hub) as process:
            hub.wait(lambda: len(hub.written) > 0)
            process.kill()
            process.wait()
    with node.running(hub) as process:
        deadline = time.monotonic() + 15
        while read_status(node.state.queue).rows < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
        process.wait()
    with Queue(node.state.queue) as queue:
        held = queue.status().samples
        queue.put(b"", 0, 0.0)
    assert held > 0
    hub.written.clear()
    with serving(hub), node.running(hub) as process:
        hub.wait(lambda: len(hub.samples) >= held)
        hub.wait(lambda: read_status(node.state.queue).rows == 0)
        status, _ = ended(process)
    assert status == 0
    keys = [(tuple(sorted(labels.items())), unix) for labels, unix, _value in hub.samples]
    assert len(keys) == len(set(keys)), "nothing is stored twice"


def test_it_waits_for_a_hub_that_is_not_there_yet(node: Node) -> None:
    hub = Hub(port=free_port())
    with node.running(hub) as process:
        assert process.stderr
        assert "enrolment waits" in process.stderr.readline()
        hub.configuration = configuration()
        with serving(hub):
            hub.wait(lambda: bool(hub.written))
            assert ended(process)[0] == 0


def test_a_stop_while_it_waits_for_the_hub_is_obeyed(node: Node) -> None:
    with node.running(Hub(port=free_port())) as process:
        assert process.stderr
        assert "enrolment waits" in process.stderr.readline()
        assert ended(process)[0] == 0


def test_a_hub_that_hangs_does_not_hold_up_the_end(node: Node) -> None:
    release = threading.Event()

    def hang(_written: Written) -> tuple[int, dict[str, str], bytes]:
        hub.written.append(_written)
        release.wait(20)
        return 204, {}, b""

    hub = Hub(configuration=configuration(), write=hang)
    with serving(hub), node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        status, said = ended(process)
        release.set()
    assert status == 0
    assert "Traceback" not in said
    assert read_status(node.state.queue).rows > 0


def test_without_the_hub_the_last_configuration_is_measured(node: Node) -> None:
    with reflecting(Reflector(KEY)) as reflector:
        with serving(Hub()) as hub:
            hub.configuration = configuration(("l1", reflector.port))
            with node.running(hub) as process:
                hub.wait(lambda: reflector.reflected > 5)
                ended(process)
        before = reflector.reflected
        assert node.state.configuration.stat().st_mode & 0o077 == 0
        with node.running(hub) as process:
            deadline = time.monotonic() + 15
            while reflector.reflected < before + 10 and time.monotonic() < deadline:
                time.sleep(0.05)
            status, _ = ended(process)
    assert status == 0
    assert reflector.reflected >= before + 10


def test_over_tls_the_pinned_authority_is_trusted_and_no_other(node: Node, tmp_path: Path) -> None:
    right, wrong = certificates.make(tmp_path), certificates.make(tmp_path, name="impostor")
    hub = Hub(ca_pem=right.ca_pem, token=f"{TOKEN}.{right.sha256}", configuration=configuration())
    node.token.write_text(hub.token)
    with serving(hub, right.server), node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        assert ended(process)[0] == 0
    hub.written.clear()
    with serving(hub, wrong.server), node.running(hub) as process:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not (read_status(node.state.queue).last_error or ""):
            time.sleep(0.05)
        assert "not the one this node trusts" in (read_status(node.state.queue).last_error or "")
        assert ended(process)[0] == 0
    assert hub.written == []


def test_two_agents_do_not_share_a_folder(node: Node) -> None:
    with serving(Hub(configuration=configuration())) as hub, node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        second = node.once("run", "--hub", hub.url)
        assert process.poll() is None
    assert second.returncode == 2
    assert second.stderr == (
        f"thongsuot-agent: state folder {node.state.root}: another thongsuot-agent is running on it; "
        "stop that one, or name another folder with --state\n"
    )


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result.stderr
    lines = result.stderr.splitlines()
    assert "Traceback" not in result.stderr
    return lines[-1].removeprefix("thongsuot-agent: ")


def test_run_without_key_and_token(node: Node) -> None:
    assert refusal(node.once("run")) == (
        f"state folder {node.state.root}: this node is not enrolled yet; "
        "run: thongsuot-agent enrol --hub URL --token TOKEN"
    )


def test_run_with_a_token_file_that_is_not_there(node: Node, tmp_path: Path) -> None:
    file = tmp_path / "gone"
    assert refusal(node.once("run", "--hub", "http://127.0.0.1:1", "--token-file", str(file))) == (
        f"token file {file}: cannot be read (No such file or directory) and this node has no key yet; "
        "make a token on the hub with: thongsuot agent token --site CODE"
    )


def test_run_with_a_file_that_holds_no_token(node: Node) -> None:
    node.token.write_text("hello\n")
    assert refusal(node.once("run", "--hub", "http://127.0.0.1:1", "--token-file", str(node.token))) == (
        f"token file {node.token}: not an enrolment token (expected ts- and 32 letters or digits); "
        "make a new one on the hub with: thongsuot agent token --site CODE"
    )


def test_run_with_a_token_that_was_used(node: Node) -> None:
    with serving(Hub(enrolled=[{}])) as hub:
        said = refusal(node.once("run", "--hub", hub.url, "--token-file", str(node.token)))
    assert said == (
        f"{hub.url}: the token is wrong, used or expired (The enrolment token is not right.); "
        "make a new one on the hub with: thongsuot agent token --site CODE"
    )


def test_a_state_folder_that_is_a_file(node: Node) -> None:
    node.state.root.write_text("")
    assert refusal(node.once("run")) == (
        f"state folder {node.state.root}: not writable (File exists); make it writable for this user, "
        "or name another one with --state"
    )


def test_a_queue_of_a_newer_version(node: Node) -> None:
    with serving(Hub()) as hub:
        assert node.once("enrol", "--hub", hub.url, "--token", TOKEN).returncode == 0
        with Queue(node.state.queue) as queue:
            queue._connection.execute("PRAGMA user_version=99")
        said = refusal(node.once("run"))
    assert said == (
        f"{node.state.queue} is of version 99, this program knows up to 2; "
        "install the newer thongsuot-agent again, or move the file away"
    )


def test_enrol_at_a_hub_that_is_not_there(node: Node) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert refusal(node.once("enrol", "--hub", url, "--token", TOKEN)) == (
        f"{url}: the port is closed: is the hub running?; look at the address and try again, the token is not spent"
    )


@pytest.mark.parametrize(
    "arguments",
    [(), ("fly",), ("enrol", "--hub", "nonsense", "--token", TOKEN), ("run", "--metrics-port", "99999")],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "agent.cli", *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_check_tells_by_its_status_whether_all_is_well(node: Node) -> None:
    with serving(Hub(configuration=configuration())) as hub:
        assert node.once("enrol", "--hub", hub.url, "--token", TOKEN).returncode == 0
        good = node.once("check", "--lang", "en")
    bad = node.once("check")
    assert (good.returncode, bad.returncode) == (0, 1)
    assert "● Key of this node: accepted" in good.stdout
    assert "✗ Cổng TCP" in bad.stdout
    assert good.stderr == bad.stderr == ""


def test_version_and_status(node: Node) -> None:
    version = subprocess.run(
        [sys.executable, "-m", "agent.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"thongsuot-agent \d+\.\d+\.\d+\n", version.stdout)
    assert refusal(node.once("status")).endswith("there is no queue yet; start the agent with: thongsuot-agent run")
    node.state.prepare()
    with Queue(node.state.queue) as queue:
        queue.put(b"x", 7, time.time() - 3 * 3600)
        queue.remember("last_error", "http://h: no answer in time")
    vietnamese, english = node.once("status").stdout, node.once("status", "--lang", "en").stdout
    assert vietnamese.startswith("Nút: chưa ghi danh (KHÔNG chạy)\nHàng đợi: 7 mẫu, 0 KiB, cũ nhất ")
    assert "(3 h trước)" in vietnamese
    assert "Lần gửi gần nhất: chưa lần nào" in vietnamese
    assert "Last error: http://h: no answer in time" in english
