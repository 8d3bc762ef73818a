"""The sessions file: STAMP session id → key (docs/protocol.md section 3)."""

from __future__ import annotations

import json
import logging
from pathlib import Path

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_SSID = 65535
MIN_KEY_BYTES = 16


class SessionsFileError(ValueError):
    """The hub's file cannot be used."""


def parse_sessions(text: str) -> dict[int, bytes]:
    """Raises SessionsFileError. Unknown fields are ignored."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SessionsFileError(f"not JSON: {error}") from None
    sessions = document.get("sessions") if isinstance(document, dict) else None
    if not isinstance(sessions, dict):
        raise SessionsFileError("there is no object `sessions`")
    return {_ssid(ssid): _key(ssid, key) for ssid, key in sessions.items()}


def _ssid(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= MAX_SSID):
        raise SessionsFileError(f"session id {text[:20]!r} is not a number from 0 to {MAX_SSID}")
    return int(text)


def _key(ssid: str, value: object) -> bytes:
    try:
        key = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        key = b""
    if len(key) < MIN_KEY_BYTES:
        raise SessionsFileError(f"key of session {ssid} is not at least {MIN_KEY_BYTES} bytes in hexadecimal")
    return key


class SessionsFile:
    """Read again when it changes; a missing or broken file changes nothing and is said once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._trouble = ""

    def read_if_changed(self) -> dict[int, bytes] | None:
        """The keys when they are new; None when there is nothing new to use."""
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen == self._seen:
                return None
            if status.st_size > MAX_FILE_BYTES:
                raise SessionsFileError(f"larger than {MAX_FILE_BYTES} bytes")
            keys = parse_sessions(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self._say("is not there yet; no line can be measured until the hub writes it")
            return None
        except (OSError, UnicodeDecodeError, SessionsFileError) as error:
            self._say(f"{error}; the keys read before stay in use")
            return None
        self._seen, self._trouble = seen, ""
        logger.info("- %d session keys from %s", len(keys), self._path)
        return keys

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("%s: %s", self._path, trouble)
            self._trouble = trouble
