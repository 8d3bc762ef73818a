"""Backups every day, to a first and a second place, each proved by a restore; what is old goes."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyrage

from hub import secret_files
from hub.backup.archive import (
    DATABASE,
    SUFFIX,
    Archive,
    BackupError,
    CopyDatabase,
    copy_sqlite,
    restore,
    write,
)

logger = logging.getLogger(__name__)

NAME = "thongsuot-%Y%m%d-%H%M%S"
INTERVAL_SECONDS = 86400.0
RETRY_SECONDS = 600.0
KEEP_AT_LEAST = 3


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """`places`: folders, the first of them local, the second best on other storage (3-2-1)."""

    places: tuple[Path, ...]
    keep_days: int


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """Unix seconds, 0: never. `failed_places` of the last run."""

    last_success: float = 0.0
    last_verified: float = 0.0
    last_bytes: int = 0
    failed_places: tuple[str, ...] = ()

    def is_due(self, now: float) -> bool:
        return now - self.last_success >= INTERVAL_SECONDS


class Backups:
    """Blocking, but for `keep_running`: call from a thread.

    The key lies in secrets/backup.key; a copy of it belongs away from this machine.
    """

    def __init__(self, root: Path, settings: BackupSettings, copy: CopyDatabase | None = None) -> None:
        """`copy`: how the database is read; by default it is hub.db in `root`."""
        self._root = root
        self._settings = settings
        self._copy = copy or copy_sqlite(root / DATABASE)

    def key(self) -> str:
        """The secret key (AGE-SECRET-KEY-1…), made on first use."""
        file = self._root / "secrets" / "backup.key"
        if not file.exists():
            secret_files.replace(file, str(pyrage.x25519.Identity.generate()).encode())
        return file.read_text(encoding="ascii").strip()

    def status(self) -> BackupStatus:
        try:
            document = json.loads(self._status_file.read_text(encoding="utf-8"))
            return BackupStatus(**{**document, "failed_places": tuple(document["failed_places"])})
        except (OSError, ValueError, KeyError, TypeError):
            return BackupStatus()

    def run(self, now: float) -> Archive:
        """One backup: written, proved by a restore, copied to the other places. Raises BackupError."""
        identity = self.key()
        recipient = str(pyrage.x25519.Identity.from_str(identity).to_public())
        first, *others = self._settings.places
        first.mkdir(mode=0o700, parents=True, exist_ok=True)
        archive = write(
            self._root, first / (time.strftime(NAME, time.gmtime(now)) + SUFFIX), recipient, now, self._copy
        )
        with tempfile.TemporaryDirectory(dir=first, prefix=".verify-") as folder:
            restore(archive.path, identity, Path(folder) / "data")
        failed = [str(place) for place in others if not _copy(archive.path, place)]
        for place in self._settings.places:
            _drop_old(place, now - self._settings.keep_days * 86400)
        status = BackupStatus(now, now, archive.bytes, tuple(failed))
        secret_files.replace(self._status_file, json.dumps(asdict(status)).encode())
        return archive

    async def keep_running(self) -> None:
        """A backup whenever one is due, until cancelled; a failed one is tried again."""
        while True:
            if self.status().is_due(time.time()):
                try:
                    archive = await asyncio.to_thread(self.run, time.time())
                    logger.info("backed up and proved: %s", archive.path.name)
                except (BackupError, OSError) as error:
                    logger.error("no backup: %s; trying again in %.0f s", error, RETRY_SECONDS)
                except Exception:
                    # Whatever is wrong with backups must not end the hub.
                    logger.exception("no backup; trying again in %.0f s", RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)

    @property
    def _status_file(self) -> Path:
        return self._root / "backup-status.json"


def newest(places: Sequence[Path]) -> Path | None:
    found = [path for place in places if place.is_dir() for path in place.glob(f"*{SUFFIX}")]
    return max(found, key=lambda path: path.name, default=None)


def _copy(source: Path, place: Path) -> bool:
    beside = place / f".{source.name}.part"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, beside)
        beside.replace(place / source.name)
    except OSError as error:
        logger.error("backup is not at its second place %s: %s", place, error)
        return False
    return True


def _drop_old(place: Path, before: float) -> None:
    if not place.is_dir():
        return
    files = sorted(place.glob(f"*{SUFFIX}"))
    for file in files[:-KEEP_AT_LEAST]:
        if file.stat().st_mtime < before:
            file.unlink()


__all__ = ["BackupError", "BackupSettings", "BackupStatus", "Backups", "newest"]
