"""How what is stored encrypted is sealed. The hub gives it: nothing here knows of keys."""

from __future__ import annotations

from typing import Protocol


class SealError(Exception):
    """What is stored cannot be opened: its key is missing from the key ring, or it was changed."""


class Sealer(Protocol):
    def seal(self, text: str, purpose: str) -> str:
        """`purpose` binds the result to its place: elsewhere it does not open."""

    def open(self, sealed: str, purpose: str) -> str:
        """Raises SealError."""
