"""What conferencing asks of others. The hub gives it; nothing here is implemented by conferencing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import HTTPConnection


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user, or the PC of a hall. `site`: the code of a hall's site; its name is then no choice."""

    user_name: str
    display_name: str
    site: str | None = None


class Accounts(Protocol):
    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """The user of a request or WebSocket, by its cookies; None for a guest."""


class Directory(Protocol):
    async def site_named(self, name: str) -> str | None:
        """Code of the site that a bridge point's name means, or None."""
