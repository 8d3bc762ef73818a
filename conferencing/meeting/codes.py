"""Codes of meetings and tokens of seats: both are capabilities, hence random and not to be guessed."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

_CODE = re.compile(r"[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}")


def new_code() -> str:
    """60 random bits in base32, in groups that can be read out over the telephone: `k7m2-6xqd-4trw`."""
    text = base64.b32encode(secrets.token_bytes(8)).decode().lower()
    return f"{text[:4]}-{text[4:8]}-{text[8:12]}"


def read_code(text: str) -> str | None:
    """The code as typed: capitals, spaces and missing hyphens are forgiven; None when it cannot be one."""
    plain = re.sub(r"[\s-]", "", text[:64]).lower()
    code = f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"
    return code if _CODE.fullmatch(code) else None


def new_token() -> str:
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> str:
    """What is stored of a token: 192 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
