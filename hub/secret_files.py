"""Secrets and other small files, replaced as a whole and readable by their owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write beside, fsync, rename: a reader sees the old file or the new one, never a part."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def ensure(path: Path, size: int = 32) -> str:
    """The secret in `path`, made on first use: `size` random bytes in URL-safe base64."""
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        replace(path, secrets.token_urlsafe(size).encode())
        return path.read_text(encoding="ascii")
