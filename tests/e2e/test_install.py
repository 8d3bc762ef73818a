"""A new node with Debian's bare Python and no Internet: one pasted line installs the agent from the hub itself."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.node_package import index
from tests.e2e.system import System

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    assert index.load().packages, "no packages for nodes: set up with make"
    system = System(tmp_path_factory.mktemp("hub"), listen="0.0.0.0")
    system.start()
    yield system
    system.stop()


def one_line(system: System) -> list[str]:
    """The words of the line that the hub prints, without sudo."""
    made = system.command("agent", "token", "--site", "xa-cao-dai", "--name", "Xã Cao Đại", "--listen", "0.0.0.0")
    line = next(line for line in made.stdout.splitlines() if line.strip().startswith("sudo python3"))
    return shlex.split(line)[1:]


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """As on a machine that reaches nothing but the hub: any other address fails at once."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or shutil.which("python3")
    assert python
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    places = ["--prefix", str(folder / "program"), "--state", str(folder / "state"), "--no-service"]
    return subprocess.run(
        [python, *words[1:], *places], capture_output=True, text=True, timeout=120, env={**os.environ, **nowhere}
    )


def test_one_line_installs_enrols_and_leaves_a_way_out(system: System, tmp_path: Path) -> None:
    done = run(one_line(system), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    agent = tmp_path / "program" / "bin" / "thongsuot-agent"
    checked = subprocess.run(
        [agent, "check", "--state", tmp_path / "state"], capture_output=True, text=True, timeout=60
    )
    assert (checked.returncode, "✗" in checked.stdout) == (0, False), checked.stdout + checked.stderr
    python = tmp_path / "program" / "bin" / "python"
    subprocess.run([python, "-c", "import pysnmp, psutil, cramjam"], check=True)
    subprocess.run([python, tmp_path / "program" / "uninstall.py"], check=True)
    assert not (tmp_path / "program").exists()
    assert not (tmp_path / "state").exists()


def test_a_hub_with_another_ca_installs_nothing(system: System, tmp_path: Path) -> None:
    words = [word.replace("hexdigest()=='", "hexdigest()=='0") for word in one_line(system)]
    done = run(words, tmp_path)
    assert done.returncode != 0
    assert "wrong hub" in done.stderr
    assert not (tmp_path / "program").exists()


def test_packages_are_served_by_name_only(system: System) -> None:
    with system.client() as client:
        listed = client.get("/packages/index.json").json()["packages"]
        assert {"thongsuot", "psutil", "cramjam", "pysnmp", "pip"} <= {one["name"].split("-")[0] for one in listed}
        for name in ("../hub.db", "%2e%2e%2fhub.db", "nothing.whl"):
            assert client.get(f"/packages/{name}").status_code == 404
