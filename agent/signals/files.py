"""Whether a short list of files is still as it was: those by which a machine is taken over or kept."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from agent.signals.changes import Changes, Seen
from agent.signals.finding import Signal

INTERVAL_SECONDS = 600.0
MAX_BYTES = 16 << 20
POSIX_FILES = (
    "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/sudoers", "/etc/hosts", "/etc/nsswitch.conf", "/etc/crontab",
    "/etc/fstab", "/etc/profile", "/etc/bash.bashrc", "/etc/rc.local", "/etc/ld.so.preload", "/etc/ld.so.conf",
    "/etc/ssh/sshd_config", "/etc/pam.d/common-auth", "/etc/pam.d/sshd", "/etc/pam.d/su", "/etc/pam.d/sudo",
    "/etc/apt/sources.list", "/etc/network/interfaces", "/etc/systemd/system.conf", "/root/.ssh/authorized_keys",
    "/usr/bin/sudo", "/usr/bin/su", "/usr/bin/passwd", "/usr/bin/login", "/usr/bin/ssh", "/usr/sbin/sshd",
    "/usr/bin/ps", "/usr/bin/ls", "/usr/bin/ss",
)  # fmt: skip
WINDOWS_FILES = (
    r"C:\Windows\System32\drivers\etc\hosts", r"C:\Windows\System32\sethc.exe", r"C:\Windows\System32\utilman.exe",
    r"C:\Windows\System32\osk.exe", r"C:\Windows\System32\magnify.exe", r"C:\Windows\System32\cmd.exe",
    r"C:\Windows\System32\drivers\etc\services", r"C:\Windows\System32\GroupPolicy\gpt.ini",
)  # fmt: skip


def read(_since: float) -> Seen:
    return states(WINDOWS_FILES if sys.platform == "win32" else POSIX_FILES)


def states(paths: tuple[str, ...]) -> Seen:
    """By "path state": a change of the state is a new key. What may not be looked at at all is left out."""
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        state = _state(Path(path))
        if state is not None:
            found[f"{path} {state}"] = {"state": state}
    return found


def _state(path: Path) -> str | None:
    """Hash; size and time of change where it may not be read; `absent`; None where nobody lets us look."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return "absent"
    except OSError:
        return None
    by_time = f"{found.st_size} bytes, changed {found.st_mtime:.0f}"
    if found.st_size > MAX_BYTES or not os.access(path, os.R_OK):
        return by_time
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return by_time


SIGNAL: Signal[Seen] = Signal(
    INTERVAL_SECONDS,
    read,
    lambda memory: Changes("file_changed", "warning", memory, lambda key: key.split(" ", 1)[0]),
)
