"""The TURN server that meetings use, from hub.toml and the secret that coturn shares."""

from __future__ import annotations

from conferencing.turn import TurnServers
from hub.configuration import Configuration
from hub.failure import UserError
from hub.secret_sources import SecretSources

SECRET = "turn.secret"  # noqa: S105 - its name


def turn_servers(configuration: Configuration, sources: SecretSources) -> TurnServers:
    """Raises UserError when there are addresses and no secret."""
    section = configuration.turn
    secret = sources.find(SECRET) if section.urls else None
    if section.urls and secret is None:
        file = sources.folder / SECRET
        raise UserError(
            f"turn.urls cần khóa chung với coturn (static-auth-secret) trong tệp {file}. / "
            f"turn.urls needs the secret that it shares with coturn (static-auth-secret) in the file {file}"
        )
    return TurnServers(section.urls, secret or "", section.lifetime_seconds, section.relay_only)
