"""Accounts that newly have an administrator's rights."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from agent.signals.changes import Changes, Seen
from agent.signals.finding import Signal

INTERVAL_SECONDS = 300.0
GROUPS = frozenset({"sudo", "wheel", "admin", "adm", "root", "docker", "lxd", "shadow", "disk"})
"""Each of these is a way to root."""
ANSWER_SECONDS = 10.0


def read(_since: float) -> Seen:
    if sys.platform == "win32":
        command = ["net", "localgroup", "Administrators"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
        found = parse_localgroup(answer.stdout)
    else:
        found = parse_posix(_text(Path("/etc/passwd")), _text(Path("/etc/group")))
    return found


def parse_posix(passwd: str, group: str) -> Seen:
    found: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) < 4:
            continue
        names.setdefault(fields[3], fields[0])
        if fields[2] == "0":
            found[f"{fields[0]} uid 0"] = {"user": fields[0], "by": "uid 0"}
    primary = {gid: user for gid, user in names.items() if gid}
    for line in group.splitlines():
        fields = line.split(":")
        if len(fields) < 4 or fields[0] not in GROUPS:
            continue
        members = {one for one in fields[3].split(",") if one}
        if fields[2] in primary:
            members.add(primary[fields[2]])
        for user in members:
            found[f"{user} {fields[0]}"] = {"user": user, "by": f"group {fields[0]}"}
    return found


def parse_localgroup(text: str) -> Seen:
    """Of Windows' `net localgroup Administrators`: names stand between a line of dashes and the last line."""
    found: dict[str, dict[str, str]] = {}
    below = False
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines[:-1]:
        if below:
            found[f"{line} Administrators"] = {"user": line, "by": "group Administrators"}
        below = below or re.fullmatch(r"-{5,}", line) is not None
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


SIGNAL: Signal[Seen] = Signal(
    INTERVAL_SECONDS,
    read,
    lambda memory: Changes("new_administrator", "critical", memory, lambda key: key.split(" ", 1)[0]),
)
