"""Who may do what, where in the tree of units. A pure core: knows no database and no HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

UnitPath = tuple[int, ...]
"""Ids of the units from the top of the tree down to the one in question; () is the tree itself."""

WHOLE_TREE: UnitPath = ()


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    TECHNICIAN = "technician"
    SECRETARY = "secretary"
    LEADER = "leader"


class Action(StrEnum):
    SEE_BOARD = "board.see"
    LIST_MEETINGS = "meetings.list"
    HOLD_MEETINGS = "meetings.hold"
    READ_METRICS = "metrics.read"
    DISCOVER_TARGETS = "targets.discover"
    """Addresses of machines and devices, for programs that scrape and probe them."""
    READ_DIRECTORY = "directory.read"
    READ_CONTACTS = "contacts.read"
    WRITE_DIRECTORY = "directory.write"
    ENROL_NODES = "nodes.enrol"
    OPEN_SITE_ACCESS = "site_access.open"
    ANSWER_ALERTS = "alerts.answer"
    """Take a trouble, hand it back, note something; announce maintenance."""
    MANAGE_USERS = "users.manage"
    READ_AUDIT = "audit.read"


_LOOKING = frozenset({Action.SEE_BOARD, Action.LIST_MEETINGS, Action.READ_DIRECTORY})

ALLOWED: dict[Role, frozenset[Action]] = {
    Role.ADMINISTRATOR: frozenset(Action),
    Role.TECHNICIAN: _LOOKING
    | {
        Action.HOLD_MEETINGS,
        Action.READ_METRICS,
        Action.DISCOVER_TARGETS,
        Action.READ_CONTACTS,
        Action.WRITE_DIRECTORY,
        Action.ENROL_NODES,
        Action.OPEN_SITE_ACCESS,
        Action.ANSWER_ALERTS,
    },
    Role.SECRETARY: _LOOKING | {Action.HOLD_MEETINGS, Action.READ_CONTACTS},
    Role.LEADER: _LOOKING,
}

HALL_ACTIONS = frozenset({Action.SEE_BOARD, Action.LIST_MEETINGS})
"""Of a hall's PC that is signed in without an account; the board shows it its own site only."""


class Scope(StrEnum):
    """What an API token may be used for, within the rights of its user."""

    READ = "read"
    WRITE = "write"
    METRICS = "metrics"
    WALL = "wall"
    """A screen on a wall: the board, no telephone numbers."""


_READING = frozenset(
    {Action.SEE_BOARD, Action.LIST_MEETINGS, Action.READ_DIRECTORY, Action.READ_CONTACTS, Action.DISCOVER_TARGETS}
)

# No scope manages users: a stolen token must not be able to make itself permanent.
SCOPES: dict[Scope, frozenset[Action]] = {
    Scope.READ: _READING,
    Scope.WRITE: _READING | {Action.HOLD_MEETINGS, Action.WRITE_DIRECTORY, Action.ENROL_NODES, Action.ANSWER_ALERTS},
    Scope.METRICS: frozenset({Action.READ_METRICS, Action.DISCOVER_TARGETS}),
    Scope.WALL: frozenset({Action.SEE_BOARD, Action.LIST_MEETINGS}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on a unit and all below it; `unit` None is the whole tree."""

    role: Role
    unit: int | None = None

    def covers(self, path: UnitPath) -> bool:
        return self.unit is None or self.unit in path


@dataclass(frozen=True, slots=True)
class Rights:
    """What one user may do. `within`: the only actions that count, None for all."""

    grants: tuple[Grant, ...] = field(default=())
    within: frozenset[Action] | None = None

    def may(self, action: Action, path: UnitPath = WHOLE_TREE) -> bool:
        """Whether the action is allowed on the unit at the end of `path`, or on the whole tree."""
        return self._counts(action) and any(
            action in ALLOWED[grant.role] and grant.covers(path) for grant in self.grants
        )

    def may_somewhere(self, action: Action) -> bool:
        return self._counts(action) and any(action in ALLOWED[grant.role] for grant in self.grants)

    def actions(self) -> frozenset[Action]:
        """Allowed at least somewhere."""
        return frozenset(action for action in Action if self.may_somewhere(action))

    def narrowed(self, scopes: Iterable[Scope]) -> Rights:
        """The same rights as far as a token of these scopes reaches."""
        within = frozenset(action for scope in scopes for action in SCOPES[scope])
        return Rights(self.grants, within if self.within is None else within & self.within)

    @property
    def administers(self) -> bool:
        """Holds the role of an administrator anywhere: a second factor is then required."""
        return any(grant.role is Role.ADMINISTRATOR for grant in self.grants)

    def _counts(self, action: Action) -> bool:
        return self.within is None or action in self.within


def may_administer(own: Rights, target: Rights, path_of: dict[int, UnitPath]) -> bool:
    """Whether `own` may reset or disable a user with the rights of `target`.

    Only when all that the target may do lies within: otherwise a new password for somebody above would be a way up.
    `path_of`: unit id → path. A user without grants belongs to those who administer the whole tree.
    """
    if not target.grants:
        return own.may(Action.MANAGE_USERS)
    return all(
        own.may(Action.MANAGE_USERS, WHOLE_TREE if grant.unit is None else path_of.get(grant.unit, (grant.unit,)))
        for grant in target.grants
    )
