"""The wheels that a node needs, as the hub serves them: names and SHA-256, read once."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "THONGSUOT_PACKAGES"


@dataclass(frozen=True, slots=True)
class Package:
    """One wheel; `sha256` hexadecimal."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class PackageIndex:
    folder: Path
    packages: tuple[Package, ...]

    def find(self, name: str) -> Path | None:
        """Only what was there at the start: no name leads out of the folder."""
        return self.folder / name if any(package.name == name for package in self.packages) else None


def load(folder: Path | None = None) -> PackageIndex:
    """The wheels in `folder`, by default the one that set-up made; empty when there is none."""
    folder = folder or Path(os.environ.get(VARIABLE) or Path(__file__).parents[2] / ".make" / "packages")
    wheels = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    return PackageIndex(folder, tuple(_package(path) for path in wheels))


def _package(path: Path) -> Package:
    with path.open("rb") as file:
        return Package(path.name, hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)
