"""Where Linux keeps who tried to log in: the journal, else auth.log, and btmp and wtmp beside."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from agent.signals.login_lines import Attempt, parse_auth_log, parse_journal
from agent.signals.utmp import parse_utmp

LOGS = Path("/var/log")
JOURNALS = (Path("/var/log/journal"), Path("/run/log/journal"))
ANSWER_SECONDS = 20.0
MAX_ENTRIES = 5000
MAX_BYTES = 4 << 20
_IDENTIFIERS = ("sshd", "sshd-session", "login", "gdm-password", "lightdm", "sddm", "sudo", "su", "xrdp-sesman")


def read(since: float) -> tuple[Attempt, ...]:
    """After `since` (Unix seconds). One source: two would count each attempt twice."""
    found = _journal(since) if any(one.exists() for one in JOURNALS) else None
    if found is None:
        found = _auth_log(LOGS / "auth.log", since)
    if found is None:
        found = _utmp(LOGS / "btmp", True, since) + _utmp(LOGS / "wtmp", False, since)
    return tuple(sorted(found, key=lambda one: one.time))


def _journal(since: float) -> list[Attempt] | None:
    """None when it cannot be read."""
    command = ["journalctl", "-q", "-o", "json", "--no-pager", "-n", str(MAX_ENTRIES), f"--since=@{since:.3f}"]
    command += ["--output-fields=MESSAGE", *(f"SYSLOG_IDENTIFIER={one}" for one in _IDENTIFIERS)]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    return [one for one in parse_journal(iter(answer.stdout.splitlines())) if one.time > since]


def _auth_log(path: Path, since: float) -> list[Attempt] | None:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - MAX_BYTES))
            text = file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    return parse_auth_log(iter(text.splitlines()), since, time.time())


def _utmp(path: Path, failed: bool, since: float) -> list[Attempt]:
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, size - MAX_BYTES) // 384 * 384)
            return parse_utmp(file.read(MAX_BYTES), failed, since)
    except OSError:
        return []
