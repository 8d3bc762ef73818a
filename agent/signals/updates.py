"""Updates that wait and a restart that is due: said as figures, and as an event when they have waited too long."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.samples import Family, Kind, Sample
from agent.signals.finding import Finding, Memory, Signal

INTERVAL_SECONDS = 6 * 3600.0
ANSWER_SECONDS = 120.0
TOO_LONG_SECONDS = 14 * 86_400.0
REBOOT_TOO_LONG_SECONDS = 3 * 86_400.0
REBOOT_REQUIRED = Path("/run/reboot-required")
LISTS = Path("/var/lib/apt/lists")
_UPGRADE = re.compile(r"^Inst (\S+) .*?\(\S+ ([^)]*)\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """None: the system does not say. `lists_age_seconds`: since the system last asked what there is."""

    pending: int | None = None
    security: int | None = None
    reboot: bool | None = None
    lists_age_seconds: float | None = None


def read(_since: float) -> Reading:
    if sys.platform == "win32":
        from agent.signals import updates_windows

        reading = Reading(reboot=updates_windows.reboot_required())
    else:
        reading = _read_apt()
    return reading


def _read_apt() -> Reading:
    pending = security = age = None
    with suppress(FileNotFoundError, subprocess.TimeoutExpired):
        # Simulated: takes no lock, changes nothing, needs no rights.
        answer = subprocess.run(
            ["apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "dist-upgrade"],
            capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False, env={"LC_ALL": "C", "PATH": _PATH},
        )  # fmt: skip
        if answer.returncode == 0:
            pending, security = parse_upgrade(answer.stdout)
    with suppress(OSError):
        age = max(0.0, time.time() - LISTS.stat().st_mtime)
    return Reading(pending, security, REBOOT_REQUIRED.exists(), age)


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def parse_upgrade(text: str) -> tuple[int, int]:
    """(all, of these for security) of what `apt-get -s dist-upgrade` would install."""
    sources = [match[2] for match in _UPGRADE.finditer(text)]
    return len(sources), sum("security" in source.lower() for source in sources)


class Updates:
    """`since`: when what waits now began to wait."""

    def __init__(self, memory: Memory | None) -> None:
        held = memory or {}
        self._since: dict[str, float] = dict(held.get("since", {}))
        self._told: list[str] = list(held.get("told", []))
        self._reading = Reading()

    def look(self, reading: Reading, now: float, packages_at: float | None) -> list[Finding]:
        self._reading = reading
        findings = []
        for name, waits, longest, detail in (
            ("updates_pending", bool(reading.security), TOO_LONG_SECONDS, {"security": reading.security}),
            ("reboot_needed", bool(reading.reboot), REBOOT_TOO_LONG_SECONDS, {}),
        ):
            if not waits:
                self._since.pop(name, None)
                self._told = [one for one in self._told if one != name]
                continue
            since = min(self._since.setdefault(name, now), now)
            if now - since >= longest and name not in self._told:
                self._told.append(name)
                findings.append(Finding(name, "warning", "", since, detail))
        return findings

    def memory(self) -> Memory:
        return {"since": self._since, "told": self._told}

    def figures(self) -> list[Sample]:
        one = self._reading
        figures = (
            ("thongsuot_updates_pending", one.pending),
            ("thongsuot_security_updates_pending", one.security),
            ("thongsuot_reboot_required", None if one.reboot is None else int(one.reboot)),
            ("thongsuot_updates_asked_age_seconds", one.lists_age_seconds),
        )
        return [Sample(name, value) for name, value in figures if value is not None]


SIGNAL: Signal[Reading] = Signal(
    INTERVAL_SECONDS,
    read,
    Updates,
    families=(
        Family("thongsuot_updates_pending", Kind.GAUGE, "Packages of which a newer version waits."),
        Family("thongsuot_security_updates_pending", Kind.GAUGE, "Of these, those for security."),
        Family("thongsuot_reboot_required", Kind.GAUGE, "1 when an update asks for a restart of the machine."),
        Family("thongsuot_updates_asked_age_seconds", Kind.GAUGE, "Time since the machine asked what there is."),
    ),
)
