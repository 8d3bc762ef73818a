"""The signed link that lets one person take one trouble without signing in: short enough for an SMS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner

PATH = "/t"
SALT = "thongsuot oncall link"
MAX_CHARACTERS = 400


class LinkError(Exception):
    """`expired`: it was ours once."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__("expired" if expired else "not ours")
        self.expired = expired


@dataclass(frozen=True, slots=True)
class LinkOwner:
    trouble: int
    person: str


class _Signer(TimestampSigner):
    """With the time of the caller's clock."""

    now = 0.0

    def get_timestamp(self) -> int:
        return int(self.now)


class Links:
    """`keys`: the oldest first; the last one signs, all of them open. `base_url`: how people reach the hub."""

    def __init__(self, keys: Sequence[bytes], base_url: str, seconds: float) -> None:
        self._keys = list(keys)
        self._base_url = base_url
        self._seconds = seconds

    def link(self, trouble: int, person: str, now: float) -> str:
        signed = self._signer(now).sign(f"{trouble}.{quote(person, safe='')}").decode()
        return f"{self._base_url}{PATH}/{signed}"

    def owner(self, token: str, now: float) -> LinkOwner:
        """Raises LinkError."""
        if len(token) > MAX_CHARACTERS or not token.isascii():
            raise LinkError(expired=False)
        try:
            said = self._signer(now).unsign(token, max_age=int(self._seconds)).decode()
        except SignatureExpired:
            raise LinkError(expired=True) from None
        except BadSignature:
            raise LinkError(expired=False) from None
        number, _, person = said.partition(".")
        return LinkOwner(int(number), unquote(person))

    def _signer(self, now: float) -> _Signer:
        signer = _Signer(self._keys, salt=SALT)
        signer.now = now
        return signer
