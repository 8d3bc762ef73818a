"""One backup as one file: a gzipped tar, encrypted in the age format (age-encryption.org/v1), with a manifest.

Any `age` program opens it with the key. Samples under way (outbound.db), logs and Prometheus' storage are not in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyrage

from hub import __version__

SUFFIX = ".tar.gz.age"
MANIFEST = "manifest.json"
FORMAT = 1
FOLDERS = ("secrets", "tls")
# The PostgreSQL that a hub runs on is not the one that its backup is restored onto.
LEFT_OUT = frozenset({"secrets/database.url"})
AUDIT_HEAD = "audit-head.json"
FILES = ("hub.toml", "channels.toml", "agent/node.json", "agent/node.key", "agent/ca.pem")
DATABASE = "hub.db"
MAX_RESTORED_BYTES = 64 * 1024**3


class BackupError(RuntimeError):
    """A backup cannot be made, or what was given is none; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files`: name → SHA-256, hexadecimal. `made_at` in Unix seconds."""

    format: int
    version: str
    made_at: float
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Archive:
    path: Path
    manifest: Manifest
    bytes: int


CopyDatabase = Callable[[Path], None]
"""Puts the whole database into a new SQLite file. Raises BackupError."""


def copy_sqlite(file: Path) -> CopyDatabase:
    def copy(target: Path) -> None:
        with (
            contextlib.closing(sqlite3.connect(file)) as live,
            contextlib.closing(sqlite3.connect(target)) as kept,
        ):
            # A consistent copy while the hub writes on.
            live.backup(kept, pages=1000)

    return copy


def write(root: Path, target: Path, recipient: str, now: float, copy: CopyDatabase) -> Archive:
    """Back the data folder `root` up to `target`, which appears whole or not at all. Raises BackupError."""
    beside = target.with_name(f".{target.name}.part")
    try:
        public = pyrage.x25519.Recipient.from_str(recipient)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder, _plain_tar() as plain:
            sources = dict(_sources(root, Path(folder), copy))
            manifest = Manifest(FORMAT, __version__, now, {name: _sha256(path) for name, path in sources.items()})
            with tarfile.open(fileobj=plain, mode="w:gz", compresslevel=6) as tar:
                _add_bytes(tar, MANIFEST, json.dumps(asdict(manifest)).encode(), now)
                for name, path in sources.items():
                    tar.add(path, arcname=name, recursive=False)
            plain.seek(0)
            with beside.open("wb") as out:
                beside.chmod(0o600)
                pyrage.encrypt_io(plain, out, [public])
        beside.replace(target)
    except BackupError:
        beside.unlink(missing_ok=True)
        raise
    except (OSError, sqlite3.Error, pyrage.EncryptError, pyrage.RecipientError) as error:
        beside.unlink(missing_ok=True)
        raise BackupError(f"{target}: backup failed: {error}") from error
    return Archive(target, manifest, target.stat().st_size)


def read_manifest(path: Path, identity: str) -> Manifest:
    """What is in a backup, without unpacking it. Raises BackupError when the key or the file is wrong."""
    with _opened(path, identity) as tar:
        return _manifest(tar, path)


def restore(path: Path, identity: str, target: Path, load: Callable[[Path], None] | None = None) -> Manifest:
    """Unpack into the empty folder `target`, each file checked against the manifest. Raises BackupError.

    `load`: what becomes of the restored database's file; by default it stays where it is.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupError(f"{target} is not empty; restore into a new folder, then start with --data {target}")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with _opened(path, identity) as tar:
            manifest = _manifest(tar, path)
            _unpack(tar, manifest, target, path)
        _check_database(target / DATABASE, path)
        if load is not None:
            load(target / DATABASE)
            (target / DATABASE).unlink()
    except BackupError:
        shutil.rmtree(target)
        raise
    return manifest


def _sources(root: Path, work: Path, copy: CopyDatabase) -> Iterator[tuple[str, Path]]:
    if (root / AUDIT_HEAD).is_file():
        # Before the database: a head later than the log would say that the log's end was cut.
        shutil.copyfile(root / AUDIT_HEAD, work / AUDIT_HEAD)
        yield AUDIT_HEAD, work / AUDIT_HEAD
    copy(work / DATABASE)
    yield DATABASE, work / DATABASE
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*")):
            if path.is_file() and not path.name.startswith(".") and f"{folder}/{path.name}" not in LEFT_OUT:
                yield f"{folder}/{path.name}", path
    for name in FILES:
        if (root / name).is_file():
            yield name, root / name


def _plain_tar() -> tempfile.SpooledTemporaryFile[bytes]:
    # Plain secrets stay in memory; a large database may spill into an unnamed file that nobody else can open.
    return tempfile.SpooledTemporaryFile(max_size=256 * 1024**2)


@contextlib.contextmanager
def _opened(path: Path, identity: str) -> Iterator[tarfile.TarFile]:
    try:
        secret = pyrage.x25519.Identity.from_str(identity.strip())
    except pyrage.IdentityError as error:
        raise BackupError(f"the key is no backup key (AGE-SECRET-KEY-1…): {error}") from None
    with _plain_tar() as plain:
        try:
            with path.open("rb") as file:
                pyrage.decrypt_io(file, plain, [secret])
            plain.seek(0)
            with tarfile.open(fileobj=plain, mode="r:gz") as tar:
                yield tar
        except (pyrage.DecryptError, tarfile.TarError, EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise BackupError(f"{path}: cannot be read: {error.strerror}") from None
            # pyrage says a broken stream as an OSError without a number.
            raise BackupError(f"{path}: not a backup that this key opens, or damaged: {error}") from None


def _manifest(tar: tarfile.TarFile, path: Path) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    if content is None:
        raise BackupError(f"{path}: has no manifest; it is not a backup of Thông Suốt")
    document: Any = json.load(content)
    if document["format"] > FORMAT:
        raise BackupError(f"{path}: was made by version {document['version']}; restore it with that version or newer")
    return Manifest(document["format"], document["version"], document["made_at"], document["files"])


def _unpack(tar: tarfile.TarFile, manifest: Manifest, target: Path, path: Path) -> None:
    missing = set(manifest.files)
    left = MAX_RESTORED_BYTES
    while (member := tar.next()) is not None:
        left -= member.size
        content = tar.extractfile(member) if member.name in missing and member.isfile() and left >= 0 else None
        if content is None or not _is_plain(member.name):
            raise BackupError(f"{path}: holds {member.name!r}, which its manifest does not name")
        restored = target / member.name
        restored.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not tar.extract(): Debian 12's Python 3.11.2 does not know extraction filters yet.
        with restored.open("xb") as file:
            restored.chmod(0o600)
            shutil.copyfileobj(content, file)
        if _sha256(restored) != manifest.files[member.name]:
            raise BackupError(f"{path}: {member.name} is damaged (its SHA-256 is another one)")
        missing.discard(member.name)
    if missing:
        raise BackupError(f"{path}: ends before {', '.join(sorted(missing))}")


def _is_plain(name: str) -> bool:
    """Whether the name stays below the folder it is unpacked into."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts


def _check_database(file: Path, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as database:
        (said,) = database.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise BackupError(f"{path}: the database in it is damaged: {said}")


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes, now: float) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mtime = int(now)
    entry.mode = 0o600
    tar.addfile(entry, io.BytesIO(content))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
