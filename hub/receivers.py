"""Where samples go on to: this machine's Prometheus, and the receivers of [remote_write.NAME]."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from exporters.remote_write import Receiver, Selection, selectors
from hub import installed
from hub.configuration import Configuration, ReceiverSection
from hub.failure import UserError
from hub.secret_sources import SecretSources

PROMETHEUS = "prometheus"


@dataclass(frozen=True, slots=True)
class Destination:
    """`tls` None: plain HTTP, or the system's own authorities. `own_samples`: also what the hub says itself."""

    receiver: Receiver
    own_samples: bool
    tls: ssl.SSLContext | None = None

    def client(self) -> httpx.AsyncClient:
        if self.receiver.name == PROMETHEUS:
            # On this machine: a proxy of the environment is not for it.
            return httpx.AsyncClient(trust_env=False)
        return httpx.AsyncClient(verify=True if self.tls is None else self.tls)


def destinations(configuration: Configuration, sources: SecretSources) -> Iterator[Destination]:
    """Raises UserError when a certificate or secret cannot be used."""
    if configuration.prometheus.enabled and installed.PROMETHEUS.find():
        url = f"http://127.0.0.1:{configuration.prometheus.port}/api/v1/write"
        yield Destination(Receiver(PROMETHEUS, url), own_samples=False)
    for name, section in configuration.remote_write.items():
        headers = dict(section.headers)
        authorization = _authorization(section, sources.find(secret_name(name)), name)
        if authorization:
            headers["Authorization"] = authorization
        selection = Selection(
            tuple(map(selectors.parse, section.keep)), tuple(map(selectors.parse, section.drop)), section.labels
        )
        yield Destination(
            Receiver(name, section.url, headers, selection), section.own_samples, _tls(section, name)
        )  # fmt: skip


def secret_name(receiver: str) -> str:
    return f"remote-write-{receiver}"


def _authorization(section: ReceiverSection, secret: str | None, name: str) -> str:
    if not section.username:
        return f"Bearer {secret}" if secret else ""
    if secret is None:
        raise UserError(
            f"remote_write.{name}: có tên đăng nhập mà không có mật khẩu / it has a username and no password: put it "
            f"into secrets/{secret_name(name)} of the data folder (mode 600)"
        )
    return "Basic " + base64.b64encode(f"{section.username}:{secret}".encode()).decode()


def _tls(section: ReceiverSection, name: str) -> ssl.SSLContext | None:
    if not (section.ca_file or section.certificate_file):
        return None
    try:
        context = ssl.create_default_context(cafile=section.ca_file or None)
        if section.certificate_file:
            context.load_cert_chain(Path(section.certificate_file), Path(section.key_file))
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            f"remote_write.{name}: chứng chỉ không dùng được / its certificate files cannot be used: {error}"
        ) from None
    return context
