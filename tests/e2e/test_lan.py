"""Serving the LAN with TLS of the hub's own CA: another machine enrols by fingerprint, checks itself, and is seen."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.system import System, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"), listen="0.0.0.0")
    system.start()
    yield system
    system.stop()


def agent(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "agent.cli", *words], capture_output=True, text=True, timeout=60)


def new_token(system: System, *more: str) -> str:
    made = system.command("agent", "token", "--site", "xa-kim-xa", "--listen", "0.0.0.0", *more)
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[0]


def test_another_machine_enrols_by_the_fingerprint_and_is_seen(system: System, tmp_path: Path) -> None:
    token = new_token(system, "--name", "Xã Kim Xá")
    assert re.fullmatch(r"ts-[a-z2-7]{32}\.[0-9a-f]{64}", token)
    state = tmp_path / "node"
    enrolled = agent("enrol", "--hub", system.url, "--token", token, "--state", str(state))
    assert enrolled.returncode == 0, enrolled.stderr
    assert (state / "node.key").stat().st_mode & 0o777 == 0o600

    again = agent("enrol", "--hub", system.url, "--token", token, "--state", str(tmp_path / "thief"))
    assert again.returncode == 2
    assert len(again.stderr.splitlines()) == 1

    checked = agent("check", "--state", str(state))
    assert (checked.returncode, "✗" in checked.stdout) == (0, False), checked.stdout + checked.stderr

    run = [sys.executable, "-m", "agent.cli", "run", "--state", str(state), "--no-local-metrics"]
    with (
        subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as node,
        system.signed_in() as client,
    ):
        try:

            def line_of_the_commune() -> bool:
                sites = {site["code"]: site for site in client.get("/api/v1/board").json()["sites"]}
                return bool(sites["xa-kim-xa"]["lines"][0]["state"] == "good")

            until(line_of_the_commune, 60, "the commune's line on the board")
        finally:
            node.terminate()
    assert node.returncode == 0


def test_a_hub_with_another_ca_is_not_trusted(system: System, tmp_path: Path) -> None:
    token = new_token(system)
    forged = token.partition(".")[0] + "." + "0" * 64
    refused = agent("enrol", "--hub", system.url, "--token", forged, "--state", str(tmp_path))
    assert refused.returncode == 2
    assert not (tmp_path / "node.key").exists()
    # The token was not spent on it.
    assert agent("enrol", "--hub", system.url, "--token", token, "--state", str(tmp_path)).returncode == 0


def test_an_unknown_site_is_said_with_those_that_are_known(system: System) -> None:
    refused = system.command("agent", "token", "--site", "nowhere")
    assert refused.returncode == 2
    assert refused.stderr.startswith("thongsuot: --site nowhere: không có điểm này")
    assert "no such site (known: trung-tam" in refused.stderr


def test_plain_http_and_strangers_get_nothing(system: System) -> None:
    with system.client() as client:
        answer = client.get("/healthz")
        assert answer.headers["strict-transport-security"]
        write = client.post("/api/v1/write", headers={"Authorization": "Bearer nobody"}, content=b"x")
        assert write.status_code == 401
