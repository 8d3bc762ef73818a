"""What conferencing asks for, answered by the other packages."""

from __future__ import annotations

import unicodedata

from starlette.requests import HTTPConnection

from collector.collector import Collector
from conferencing.protocols import Identity
from hub.http.principal import Principal
from hub.http.sign_in import SignIns


class ConferencingAccounts:
    """`conferencing.protocols.Accounts` by the board's own sign-in."""

    def __init__(self, sign_ins: SignIns) -> None:
        self._sign_ins = sign_ins

    async def identify(self, connection: HTTPConnection) -> Identity | None:
        """A hall's PC is its site and joins under the site's name."""
        known = connection.scope.get("state", {}).get("principal")
        principal = known if isinstance(known, Principal) else await self._sign_ins.identify(connection)
        if principal is None or principal.next:
            return None
        return Identity(principal.name, principal.display_name, principal.site)


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
