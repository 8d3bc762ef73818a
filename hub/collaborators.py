"""What conferencing asks for, answered by the other packages."""

from __future__ import annotations

import unicodedata

from starlette.requests import HTTPConnection

from collector.collector import Collector
from conferencing.protocols import Identity
from hub.http.sign_in import SignIn


class ConferencingAccounts:
    """`conferencing.protocols.Accounts` by the board's own sign-in."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        person = await self._sign_in.identify(connection)
        if person is None or person.must_change_password:
            return None
        return Identity(person.name, person.display_name)


class ConferencingDirectory:
    """`conferencing.protocols.Directory` by the collector's sites."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    async def site_named(self, name: str) -> str | None:
        wanted = _folded(name)
        sites = self._collector.directory.sites
        return next((site.site for site in sites if wanted in (_folded(site.name), _folded(site.site))), None)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
