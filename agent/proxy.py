"""Which HTTP proxy leads to the hub: what the state folder says, else what the environment says."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

PROXY_PORT = 3128
NONE = "none"
"""In the state folder's file: no proxy, whatever the environment says."""


class ProxyError(ValueError):
    """What is given as the proxy cannot be one; the text does not hold its password."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`headers` for the proxy alone; they may hold a password."""

    host: str
    port: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def parse_proxy(text: str, where: str) -> Proxy:
    """Raises ProxyError."""
    advice = "expected something like http://proxy.example.vn:3128"
    try:
        parts = urlsplit(text.strip() if "://" in text else f"http://{text.strip()}")
        port = parts.port or PROXY_PORT
    except ValueError:
        raise ProxyError(f"{where}: not a proxy's address; {advice}") from None
    if parts.scheme != "http" or not parts.hostname:
        raise ProxyError(f"{where}: not the address of an HTTP proxy; {advice}")
    headers = {}
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(secret).decode()}"
    return Proxy(parts.hostname, port, headers)


def choose(secure: bool, host: str, stored: str | None, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy for this host; `stored`: what the state folder says. Raises ProxyError."""
    if _is_loopback(host):
        return None
    if stored is not None and stored.strip():
        return None if stored.strip().lower() == NONE else parse_proxy(stored, "proxy file of the state folder")
    by_name = {name.lower(): value for name, value in environment.items()}
    for exception in by_name.get("no_proxy", "").replace(" ", "").split(","):
        bare = exception.removeprefix("*").lstrip(".").lower()
        if exception == "*" or (bare and (host.lower() == bare or host.lower().endswith(f".{bare}"))):
            return None
    for name in ("https_proxy", "all_proxy") if secure else ("http_proxy", "all_proxy"):
        if by_name.get(name):
            return parse_proxy(by_name[name], f"environment variable {name}")
    return None


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
