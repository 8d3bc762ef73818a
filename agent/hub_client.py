"""HTTP to the one hub, by the standard library: its address, whom to trust, one kept-alive connection.

Blocking, with bounded times; to be called from a worker thread. Knows nothing of samples or of enrolment.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from agent import __version__
from agent.proxy import Proxy

if TYPE_CHECKING:
    import ssl

USER_AGENT = f"thongsuot-agent/{__version__}"
TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 4 << 20
_RETRIED = (http.client.RemoteDisconnected, http.client.CannotSendRequest, BrokenPipeError, ConnectionResetError)


class HubAddressError(ValueError):
    """What the user gave as the hub's address cannot be one."""


class HubUnreachableError(OSError):
    """The hub did not answer; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class HubAddress:
    secure: bool
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"


def parse_address(text: str) -> HubAddress:
    """Raises HubAddressError."""
    advice = "expected something like https://hub.example.vn:8443"
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise HubAddressError(f"hub address {text!r}: {error}; {advice}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HubAddressError(f"hub address {text!r} does not begin with http:// or https:// and a name; {advice}")
    if parts.query or parts.fragment or parts.username is not None:
        raise HubAddressError(f"hub address {text!r} holds more than name, port and path; {advice}")
    secure = parts.scheme == "https"
    return HubAddress(secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/"))


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` with lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def trusting_file(ca_file: Path) -> ssl.SSLContext:
    """Trusts this certification authority and nothing else. Raises OSError, ssl.SSLError."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=ca_file)
    return context


def trusting_authority(pem: str) -> ssl.SSLContext:
    """As `trusting_file`, for a certificate that is not on disk yet. Raises ssl.SSLError."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    return context


def trusting_system() -> ssl.SSLContext:
    import ssl

    return ssl.create_default_context()


def trusting_anyone() -> ssl.SSLContext:
    """For reading the certificate that is then compared with a fingerprint. Nothing secret may pass."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def trust(address: HubAddress, ca_file: Path | None) -> ssl.SSLContext | None:
    """What to trust for this address: the pinned authority when there is one. Raises OSError."""
    if not address.secure:
        return None
    return trusting_file(ca_file) if ca_file is not None else trusting_system()


def certificate_sha256(pem: str) -> str:
    """SHA-256 of the first certificate's DER, in hexadecimal. Raises ValueError."""
    import ssl

    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


class Connection(Protocol):
    """What carries requests to the hub."""

    @property
    def address(self) -> HubAddress:
        """Where the last request went, or the next one goes."""

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises HubUnreachableError."""

    def close(self) -> None: ...

    def abort(self) -> None:
        """From another thread: make a request that is under way fail at once."""


class HubConnection:
    """One connection, opened when needed, kept open, opened again when the hub closed it meanwhile."""

    def __init__(
        self,
        address: HubAddress,
        context: ssl.SSLContext | None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        proxy: Proxy | None = None,
    ) -> None:
        self.address = address
        self._proxy = proxy
        self._context = context
        self._timeout_seconds = timeout_seconds
        self._connection: http.client.HTTPConnection | None = None
        self._aborted = False

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises HubUnreachableError."""
        reused = self._connection is not None
        try:
            try:
                return self._exchange(method, path, body, headers or {})
            except _RETRIED:
                # The hub may close a kept connection between two requests; that is not a failure.
                if not reused or self._aborted:
                    raise
                self.close()
                return self._exchange(method, path, body, headers or {})
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise HubUnreachableError(f"{self.address}: {describe(error)}") from error

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abort(self) -> None:
        """From another thread: make a request that is under way fail at once."""
        self._aborted = True
        connection = self._connection
        sock = getattr(connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            self._connection = self._new()
        connection = self._connection
        target, extra = self.address.path + path, {}
        if self._proxy is not None and self._context is None:
            # Through a proxy, plain HTTP is asked for by the whole address (RFC 9112 section 3.2.2).
            host = str(HubAddress(self.address.secure, self.address.host, self.address.port))
            target, extra = host + target, dict(self._proxy.headers)
        connection.request(method, target, body, {"User-Agent": USER_AGENT, **extra, **headers})
        response = connection.getresponse()
        content = response.read(MAX_ANSWER_BYTES + 1)
        found = {name.lower(): value for name, value in response.getheaders()}
        if len(content) > MAX_ANSWER_BYTES:
            self.close()
            raise http.client.HTTPException(f"answer of more than {MAX_ANSWER_BYTES} bytes")
        if response.will_close:
            self.close()
        return Answer(response.status, found, content)

    def _new(self) -> http.client.HTTPConnection:
        host, port = self.address.host, self.address.port
        if self._proxy is not None:
            host, port = self._proxy.host, self._proxy.port
        if self._context is None:
            return http.client.HTTPConnection(host, port, timeout=self._timeout_seconds)
        connection = http.client.HTTPSConnection(host, port, timeout=self._timeout_seconds, context=self._context)
        if self._proxy is not None:
            connection.set_tunnel(self.address.host, self.address.port, dict(self._proxy.headers))
        return connection


def describe(error: BaseException) -> str:
    """An error of the network in a few words that say what to look at."""
    text = str(error) or type(error).__name__
    match error:
        case socket.gaierror():
            return f"the name cannot be resolved ({text})"
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "the port is closed: is the hub running?"
        case _ if type(error).__name__ == "SSLCertVerificationError":
            return f"its certificate is not the one this node trusts ({text})"
        case _:
            return text
