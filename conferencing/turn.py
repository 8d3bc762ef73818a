"""TURN for whoever cannot send UDP to a worker: addresses and credentials that end by themselves. Pure.

The credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest): nobody keeps accounts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

TRANSPORTS = ("udp", "relay_udp", "relay_tcp", "relay_tls")
"""How the media of a bridge point travel, as its page says: direct, or by a relay that is reached by…"""


@dataclass(frozen=True, slots=True)
class IceServer:
    """As RTCIceServer of W3C takes it."""

    urls: tuple[str, ...]
    username: str
    credential: str


@dataclass(frozen=True, slots=True)
class TurnServers:
    """`secret` is shared with coturn (`static-auth-secret`). `relay_only`: pages try no direct way."""

    urls: tuple[str, ...] = ()
    secret: str = field(default="", repr=False)
    lifetime_seconds: int = 12 * 3600
    relay_only: bool = False

    def for_client(self, who: str, now: float) -> tuple[IceServer, ...]:
        """`who` stands in coturn's log: the meeting, by the name that opens nothing."""
        if not self.urls:
            return ()
        username = f"{int(now) + self.lifetime_seconds}:{who}"
        digest = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
        return (IceServer(self.urls, username, base64.b64encode(digest).decode()),)
