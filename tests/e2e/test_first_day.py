"""What a new user sees: start, sign in, a live board, metrics, history that survives; then Ctrl-C and a restart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.browser import HALL_PC, TELEPHONE, chromium
from tests.e2e.screens import shoot
from tests.e2e.system import NEW_PASSWORD, System, alive, until

pytestmark = pytest.mark.e2e

FRESH_SECONDS = 30.0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"))
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="module")
def board(system: System) -> dict[str, Any]:
    """The board once this machine's node and line are measured."""
    with system.signed_in() as client:
        return until(lambda: measured(client), 90, "the node and its line on the board")  # type: ignore[no-any-return]


def measured(client: httpx.Client) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get("/api/v1/board").json()
    (site,) = found["sites"]
    nodes, lines = site["nodes"], site["lines"]
    ready = nodes and nodes[0]["cpu_busy_ratio"] is not None and lines[0]["mos"] is not None
    return found if ready else None


def test_it_says_the_address_the_password_and_what_runs(system: System) -> None:
    said = "".join(system.lines)
    assert f"at: {system.url}" in said
    assert "first sign-in: admin / " in said
    for name in ("hub", "reflector", "media-0", "media-1", "prometheus", "alertmanager", "agent"):
        assert f"● {name} " in said


def test_a_second_start_says_that_it_runs_already(system: System) -> None:
    again = system.command("up")
    assert again.returncode == 2
    assert again.stderr.startswith("thongsuot: đang chạy rồi; xem bằng: thongsuot status / already running ")


def test_check_finds_nothing_wrong(system: System, board: dict[str, Any]) -> None:
    done = system.command("check")
    assert (done.returncode, "✗" in done.stdout) == (0, False), done.stdout + done.stderr


def test_the_board_shows_this_machine_and_its_line_live(board: dict[str, Any]) -> None:
    (site,) = board["sites"]
    (node,), (line,) = site["nodes"], site["lines"]
    assert node["state"] == "good"
    assert 0 <= node["cpu_busy_ratio"] <= 1
    assert node["memory_size_bytes"] > node["memory_available_bytes"] > 0
    assert node["filesystems"]
    assert node["networks"]
    assert node["readings_age_seconds"] < FRESH_SECONDS
    assert line["age_seconds"] < FRESH_SECONDS
    # The first window may be a part of one.
    assert line["sent"] > 0
    assert (line["loss_up_ratio"], line["loss_down_ratio"], line["loss_unknown_ratio"]) == (0, 0, 0)
    assert 0 < line["rtt_p50_seconds"] < 0.1
    assert line["jitter_seconds"] is not None
    assert line["mos"] > 4.3


def test_a_person_signs_in_and_reads_the_board(system: System, board: dict[str, Any], tmp_path: Path) -> None:
    with chromium() as (browser,):
        page = browser.new_page(viewport=HALL_PC, locale="vi-VN")
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(system.url)
        page.get_by_label("Tên đăng nhập").fill("admin")
        page.get_by_label("Mật khẩu").fill(NEW_PASSWORD)
        # The browser itself reports the 401 that asked for the password.
        problems.clear()
        page.get_by_role("button", name="Đăng nhập").click()
        page.get_by_label("Mã xác thực").fill(system.recovery_codes.pop())
        page.get_by_role("button", name="Tiếp tục").click()
        page.get_by_text("Mọi thứ bình thường: 1 điểm, 1 đường truyền").wait_for()
        shoot(page, tmp_path / "board.png")
        page.get_by_role("link", name="Trung tâm điều hành").click()
        page.get_by_role("figure", name="Độ trễ khứ hồi (ms)").locator("canvas").wait_for()
        for words in ("Bộ xử lý", "Bộ nhớ", "Mất gói chiều lên", "Mất gói chiều xuống", "Biến thiên trễ", "MOS"):
            assert page.get_by_text(words, exact=True).first.is_visible(), words
        shoot(page, tmp_path / "site.png")
        page.set_viewport_size(TELEPHONE)
        # The chart follows its box a moment later.
        page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="Tất cả các điểm").click()
        page.get_by_role("button", name="English").click()
        page.get_by_text("All is normal: 1 sites, 1 lines").wait_for()
        assert problems == []


def test_a_route_of_the_board_needs_a_person(system: System) -> None:
    with system.client() as client:
        for path in ("/api/v1/board", "/api/v1/board/sites/trung-tam/history", "/metrics"):
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 401)
            assert answer.headers["content-type"] == "application/problem+json"


def scrape(system: System) -> str:
    token = (system.data / "secrets" / "metrics.token").read_text()
    with system.client() as client:
        return client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).raise_for_status().text


def test_metrics_pass_promtool_and_are_labelled_by_site(system: System, board: dict[str, Any]) -> None:
    text = scrape(system)
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert 'thongsuot_line_mos{line="' in text
    assert 'site="trung-tam"' in text


def test_the_nodes_samples_reach_prometheus_with_their_own_times(system: System, board: dict[str, Any]) -> None:
    until(lambda: system.query("thongsuot_line_sent_packets"), 30, "the line's windows in Prometheus")
    (series,) = system.query("thongsuot_line_sent_packets[5m]")
    times = [time for time, _ in series["values"]]
    # Windows end at full tens of seconds: nobody's scrape time would.
    assert all(time % 10 == 0 for time in times), times
    assert series["metric"]["site"] == "trung-tam"
    assert series["metric"]["node"].startswith("n-")


def test_no_series_enters_prometheus_twice(system: System, board: dict[str, Any]) -> None:
    until(lambda: system.query("thongsuot_node_up"), 60, "the first scrape")
    answer = httpx.get(f"{system.prometheus_url}/api/v1/series", params={"match[]": '{__name__=~"thongsuot_.+"}'})
    identities: Counter[str] = Counter()
    for labels in answer.json()["data"]:
        identities[json.dumps({k: v for k, v in labels.items() if k not in ("job", "instance")}, sort_keys=True)] += 1
    assert len(identities) > 50
    assert [identity for identity, count in identities.items() if count > 1] == []


def packets_in_history(client: httpx.Client) -> int:
    (line,) = client.get("/api/v1/board/sites/trung-tam/history").json()["lines"].values()
    return sum(sent or 0 for sent in line["sent"])


def test_ctrl_c_ends_everything_and_a_restart_finds_all_again(system: System, board: dict[str, Any]) -> None:
    with system.signed_in() as client:
        made = client.post("/api/v1/meetings", json={"title": "Giao ban đầu tuần"})
        assert made.status_code == 201, made.text
        node = board["sites"][0]["nodes"][0]["node"]
        sent_before = until(lambda: packets_in_history(client), 60, "the first minute in the history")
    children = system.descendants()
    assert len(children) == 9
    status, seconds = system.interrupt()
    assert status == 0
    # The promise is about people waiting, so it is held here although it is a time.
    assert seconds < 5
    assert [pid for pid in children if alive(pid)] == []

    system.start()
    assert "đã dừng" not in "".join(system.lines)
    with system.signed_in() as client:
        found = until(lambda: measured(client), 60, "the board after the restart")
        assert [one["node"] for one in found["sites"][0]["nodes"]] == [node]
        meetings = client.get("/api/v1/meetings").json()["meetings"]
        assert [meeting["title"] for meeting in meetings] == ["Giao ban đầu tuần"]
        assert packets_in_history(client) >= sent_before
    assert system.query("count_over_time(thongsuot_line_sent_packets[10m])")[0]["value"][1] != "0"


def test_a_killed_supervisor_leaves_no_process(system: System) -> None:
    children = system.descendants()
    os.kill(system.pid, signal.SIGKILL)
    until(lambda: not [pid for pid in children if alive(pid)], 10, "the end of all children")
