"""Whoever a request speaks for: a user, a program with a user's API token, or the PC of a hall."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from collector.accounts.rights import HALL_ACTIONS, Action, Rights
from collector.accounts.unit_tree import UnitTree

USER = "user"
TOKEN = "token"  # noqa: S105 - a kind, no secret
HALL = "hall"


@dataclass(frozen=True, slots=True)
class Principal:
    """`next`: the step of the sign-in that is still to be done, empty when there is none.

    `site`: of a hall's PC, which may see that site only. `key`: what rates are counted by.
    """

    kind: str
    name: str
    display_name: str
    rights: Rights
    key: str
    next: str = ""
    user_id: int = 0
    sign_in_id: int = 0
    site: str | None = None
    idle_seconds: float | None = None

    def may_somewhere(self, action: Action) -> bool:
        return action in HALL_ACTIONS if self.site is not None else self.rights.may_somewhere(action)

    def may_everywhere(self, action: Action) -> bool:
        return self.site is None and self.rights.may(action)

    def may_at_site(self, action: Action, site: str, tree: UnitTree) -> bool:
        if self.site is not None:
            return action in HALL_ACTIONS and site == self.site
        return self.rights.may(action, tree.site_path(site))

    def actions(self) -> list[str]:
        """Allowed at least somewhere."""
        return sorted(HALL_ACTIONS if self.site is not None else self.rights.actions())


def principal_of(connection: HTTPConnection) -> Principal:
    """Whom the guard let through."""
    principal = connection.scope["state"]["principal"]
    assert isinstance(principal, Principal)
    return principal


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""
