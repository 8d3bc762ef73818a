"""What is stored encrypted, and its keys: AES-256-GCM, each value with the id of its key, keys rotated.

`collector.accounts.sealing.Sealer` for the collector. A sealed value is `KEYID$` and base64 of nonce and ciphertext.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from collector.accounts.sealing import SealError
from hub import secret_files
from hub.failure import UserError
from hub.secret_sources import SecretSources

NAME = "keyring.json"
KEY_BITS = 256
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """`current` seals; all of them open."""

    current: str
    keys: dict[str, bytes]

    def to_json(self) -> str:
        encoded = {name: base64.b64encode(key).decode() for name, key in self.keys.items()}
        return json.dumps({"current": self.current, "keys": encoded}, indent=1)


class KeyRing:
    """Read again when a value names a key that is not known: another process may have rotated."""

    def __init__(self, sources: SecretSources) -> None:
        self._sources = sources
        self._keys = self._load()

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The current one first."""
        current = self._keys.current
        return (current, *(name for name in self._keys.keys if name != current))

    def derived(self, purpose: str) -> list[bytes]:
        """A key of its own for `purpose` out of each key of the ring, the current one last: it signs, all verify."""
        return [_derived(self._keys.keys[name], purpose) for name in reversed(self.key_ids)]

    def seal(self, text: str, purpose: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        name = self._keys.current
        sealed = AESGCM(self._keys.keys[name]).encrypt(nonce, text.encode(), purpose.encode())
        return f"{name}${base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, purpose: str) -> str:
        """Raises SealError."""
        name, _, content = sealed.partition("$")
        if name not in self._keys.keys:
            self._keys = self._load()
        key = self._keys.keys.get(name)
        if key is None:
            raise SealError(f"key {name!r} is not in the key ring")
        try:
            raw = base64.b64decode(content, validate=True)
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise SealError("a stored value was changed, or belongs elsewhere") from None

    def add_key(self) -> str:
        """A new current key; the old ones still open. Raises UserError when the ring was given from outside."""
        name = secrets.token_hex(4)
        self._replace(Keys(name, {**self._keys.keys, name: AESGCM.generate_key(KEY_BITS)}))
        return name

    def forget_old_keys(self) -> int:
        """Keep the current key only; how many went. Raises UserError when the ring was given from outside."""
        old = len(self._keys.keys) - 1
        current = self._keys.current
        self._replace(Keys(current, {current: self._keys.keys[current]}))
        return old

    def _replace(self, keys: Keys) -> None:
        if self._sources.given(NAME) is not None:
            raise UserError(
                "vòng khóa được cấp từ bên ngoài: hãy đổi khóa ở đó. / "
                "the key ring was given from outside (environment or systemd credential): rotate it there; "
                "its form is that of secrets/keyring.json"
            )
        secret_files.replace(self._path, keys.to_json().encode())
        self._keys = keys

    def _load(self) -> Keys:
        given = self._sources.given(NAME)
        if given is not None:
            return _parse(given, f"the key ring given as {NAME}")
        try:
            return _parse(self._path.read_text(encoding="utf-8"), str(self._path))
        except FileNotFoundError:
            name = secrets.token_hex(4)
            keys = Keys(name, {name: AESGCM.generate_key(KEY_BITS)})
            secret_files.replace(self._path, keys.to_json().encode())
            return keys

    @property
    def _path(self) -> Path:
        return self._sources.folder / NAME


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BITS // 8, salt=None, info=purpose.encode()).derive(key)


def _parse(text: str, where: str) -> Keys:
    try:
        document = json.loads(text)
        keys = {str(name): base64.b64decode(key, validate=True) for name, key in document["keys"].items()}
        current = str(document["current"])
        if current not in keys or any(len(key) * 8 != KEY_BITS for key in keys.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        # No chain: the text that could not be read is made of keys.
        raise UserError(
            f'{where}: không phải vòng khóa / not a key ring: {{"current": ID, "keys": {{ID: 32 bytes in base64}}}}'
        ) from None
    return Keys(current, keys)
