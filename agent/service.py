"""The agent as a service of systemd: writes its units, removes them. With `root`, only the files, for images."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.failure import UserError
from agent.state import DEFAULT_STATE, replace_file

NAME = "thongsuot-agent"
UNITS = (f"{NAME}.service", f"{NAME}.socket")
FOLDER = Path("etc/systemd/system")
RUNNING = Path("/run/systemd/system")
DEFAULT_PROGRAM = Path("/opt/thongsuot-agent/bin/thongsuot-agent")
COMMAND_SECONDS = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Service:
    """`program`: what the unit starts; `root`: `/`, or where an image is made."""

    program: Path
    state: Path = DEFAULT_STATE
    root: Path = Path("/")

    @property
    def units(self) -> tuple[Path, ...]:
        return tuple(self.root / FOLDER / name for name in UNITS)

    @property
    def here(self) -> bool:
        return self.root == Path("/")


def install(service: Service, say: Say) -> None:
    """Raises UserError."""
    _demand_systemd(service)
    if service.here:
        _make_user(service.state)
    for path, name in zip(service.units, UNITS, strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, unit(name, service.program, service.state, _groups()).encode(), 0o644)
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror}); run this as root") from None
        say(f"● {path}")
    for complaint in verify(service):
        say(f"! {complaint}")
    if not service.here:
        return
    _own(service.state)
    _systemctl("daemon-reload")
    # A port 162 that somebody else has must not keep the agent from running.
    _systemctl("enable", "--now", UNITS[1], must=False)
    _systemctl("enable", UNITS[0])
    _systemctl("restart", UNITS[0])
    say("● dịch vụ đang chạy / the service runs: systemctl status thongsuot-agent")


def uninstall(service: Service, purge: bool, say: Say) -> None:
    """`purge`: what was measured and the node's key go too. Raises UserError."""
    _demand_systemd(service)
    found = [path for path in service.units if path.exists()]
    if service.here and found:
        _systemctl("disable", "--now", *(path.name for path in found), must=False)
    for path in found:
        try:
            path.unlink()
        except OSError as error:
            raise UserError(f"{path}: cannot be removed ({error.strerror}); run this as root") from None
        say(f"● đã gỡ / removed {path}")
    if service.here and found:
        _systemctl("daemon-reload")
    state = service.root / service.state.relative_to("/") if service.state.is_absolute() else service.state
    if purge and state.exists():
        shutil.rmtree(state)
        say(f"● đã xoá / deleted {state}")
    elif not found:
        say("● không có dịch vụ nào / there was no service")


def unit(name: str, program: Path, state: Path, groups: tuple[str, ...]) -> str:
    """The unit as it ships, with this machine's paths and the groups that it has."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    text = text.replace(f"{DEFAULT_PROGRAM} run --state {DEFAULT_STATE}", f"{program} run --state {state}")
    if state != DEFAULT_STATE:
        # systemd makes StateDirectory below /var/lib only.
        text = text.replace("StateDirectory=thongsuot-agent\nStateDirectoryMode=0700\n", f"ReadWritePaths={state}\n")
    return text.replace("SupplementaryGroups=systemd-journal adm", f"SupplementaryGroups={' '.join(groups)}")


def verify(service: Service) -> list[str]:
    """What systemd-analyze has to say of the units; nothing without it."""
    if shutil.which("systemd-analyze") is None:
        return []
    answer = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, service.units)],
        capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
    )  # fmt: skip
    said = (answer.stdout + answer.stderr).splitlines()
    # Of other units of this machine, and of a program that is to be copied there yet, nothing is to be said here.
    return [line for line in said if NAME in line and "is not executable" not in line]


def _demand_systemd(service: Service) -> None:
    if sys.platform != "win32":
        if service.here and not RUNNING.exists():
            raise UserError(
                f"systemd does not run here; start it by hand with: {service.program} run --state {service.state}"
            )
        if service.here and os.geteuid() != 0:
            raise UserError("a service can be made and removed by root only; run this again with sudo")
    else:
        raise UserError(
            "this machine has no systemd; on Windows run `thongsuot-agent run` by the Task Scheduler, at start-up"
        )


def _groups() -> tuple[str, ...]:
    """Of those that may read logs, the ones that this machine has: a unit with another would not start."""
    wanted = ("systemd-journal", "adm")
    try:
        lines = Path("/etc/group").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(name for name in wanted if any(line.startswith(f"{name}:") for line in lines))


def _make_user(state: Path) -> None:
    if subprocess.run(["id", NAME], capture_output=True, check=False).returncode != 0:
        _run("useradd", "--system", "--home-dir", str(state), "--shell", "/usr/sbin/nologin", NAME)


def _own(state: Path) -> None:
    if state.exists():
        _run("chown", "-R", f"{NAME}:{NAME}", str(state))


def _systemctl(*arguments: str, must: bool = True) -> None:
    _run("systemctl", *arguments, must=must)


def _run(*command: str, must: bool = True) -> None:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{' '.join(command)}: {error}") from None
    if must and answer.returncode != 0:
        said = (answer.stderr.strip() or answer.stdout.strip()).splitlines()
        raise UserError(f"{' '.join(command)}: {said[-1] if said else answer.returncode}")
