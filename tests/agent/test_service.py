"""The systemd units: with this machine's paths, verified by systemd itself, hardened, removed again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agent.service import UNITS, Service, install, uninstall, unit, verify
from agent.state import DEFAULT_STATE


def test_the_units_are_written_verified_and_removed(tmp_path: Path) -> None:
    said: list[str] = []
    program = Path(sys.executable)
    service = Service(program, Path("/var/lib/thongsuot-agent"), tmp_path)
    install(service, said.append)
    text = service.units[0].read_text()
    assert f"ExecStart={program} run --state /var/lib/thongsuot-agent\n" in text
    assert service.units[0].stat().st_mode & 0o777 == 0o644
    if shutil.which("systemd-analyze"):
        assert verify(service) == []
    assert said == [f"● {path}" for path in service.units]
    uninstall(service, purge=False, say=said.append)
    assert not any(path.exists() for path in service.units)
    uninstall(service, purge=False, say=said.append)
    assert said[-1] == "● không có dịch vụ nào / there was no service"


def test_the_service_may_little() -> None:
    text = unit(UNITS[0], Path("/x"), DEFAULT_STATE, ("adm",))
    for line in (
        "User=thongsuot-agent",
        "SupplementaryGroups=adm",
        "CapabilityBoundingSet=CAP_NET_RAW",
        "AmbientCapabilities=CAP_NET_RAW",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "StateDirectory=thongsuot-agent",
    ):
        assert f"{line}\n" in text
    elsewhere = unit(UNITS[0], Path("/x"), Path("/srv/agent"), ())
    assert "ReadWritePaths=/srv/agent\n" in elsewhere
    assert "StateDirectory" not in elsewhere


def test_purging_deletes_the_state_too(tmp_path: Path) -> None:
    state = tmp_path / "var/lib/thongsuot-agent"
    state.mkdir(parents=True)
    (state / "queue.db").write_text("")
    service = Service(Path("/x"), DEFAULT_STATE, tmp_path)
    install(service, lambda _line: None)
    uninstall(service, purge=True, say=lambda _line: None)
    assert not state.exists()


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_what_it_says_on_the_command_line(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", command, "--root", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("● ")
