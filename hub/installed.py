"""Programs that the hub runs when they are there, and how to get those that are not."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_SYSTEM_FOLDERS = "/usr/sbin"
"""Not in PATH of those who are not root."""


class Installable(Protocol):
    @property
    def name(self) -> str: ...

    def is_there(self) -> bool: ...

    def install_command(self) -> str: ...


@dataclass(frozen=True, slots=True)
class DebianProgram:
    """`executables`: names it may have, the first found wins."""

    name: str
    executables: tuple[str, ...]
    package: str

    def find(self) -> str | None:
        return next((path for name in self.executables if (path := shutil.which(name))), None)

    def is_there(self) -> bool:
        return self.find() is not None

    def install_command(self) -> str:
        return f"{_sudo()}apt-get install -y --no-install-recommends {self.package}"


@dataclass(frozen=True, slots=True)
class FoundGrafana:
    """`home`: its pages and defaults."""

    command: tuple[str, ...]
    home: Path


@dataclass(frozen=True, slots=True)
class Grafana:
    """Debian has none: from its makers' package below /usr/share/grafana, or unpacked with its bin/ in PATH.

    The package's /usr/sbin/grafana adds options of its own, so the program that it calls is taken instead.
    """

    name: str = "grafana"
    package_home: Path = Path("/usr/share/grafana")

    def find(self) -> FoundGrafana | None:
        folders = os.pathsep.join((os.environ.get("PATH", os.defpath), _SYSTEM_FOLDERS))
        for name in ("grafana", "grafana-server"):
            if there := shutil.which(name, path=folders):
                prefix = Path(there).resolve().parent.parent
                for home in (prefix, prefix / "share" / "grafana"):
                    if found := _grafana_in(home):
                        return found
        return _grafana_in(self.package_home)

    def is_there(self) -> bool:
        return self.find() is not None

    def install_command(self) -> str:
        return f"https://grafana.com/grafana/download (OSS, .deb) → {_sudo()}apt-get install ./grafana_*.deb"


def _grafana_in(home: Path) -> FoundGrafana | None:
    if not (home / "conf" / "defaults.ini").is_file():
        return None
    whole, server = home / "bin" / "grafana", home / "bin" / "grafana-server"
    if os.access(whole, os.X_OK):
        return FoundGrafana((str(whole), "server"), home)
    return FoundGrafana((str(server),), home) if os.access(server, os.X_OK) else None


def _sudo() -> str:
    return "" if os.geteuid() == 0 else "sudo "


PROMETHEUS = DebianProgram("prometheus", ("prometheus",), "prometheus")
ALERTMANAGER = DebianProgram("alertmanager", ("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager")
GRAFANA = Grafana()
