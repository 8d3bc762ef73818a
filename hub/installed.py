"""Programs of Debian that the hub runs when they are there, and how to get those that are not."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DebianProgram:
    """`executables`: names it may have, the first found wins."""

    name: str
    executables: tuple[str, ...]
    package: str

    def find(self) -> str | None:
        return next((path for name in self.executables if (path := shutil.which(name))), None)

    def install_command(self) -> str:
        sudo = "" if os.geteuid() == 0 else "sudo "
        return f"{sudo}apt-get install -y --no-install-recommends {self.package}"


PROMETHEUS = DebianProgram("prometheus", ("prometheus",), "prometheus")
ALERTMANAGER = DebianProgram("alertmanager", ("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager")
