"""Who may do what, where: the table, the tree, and what a token leaves of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounts.rights import ALLOWED, SCOPES, Action, Grant, Rights, Role, Scope, may_administer

PROVINCE, DISTRICT, COMMUNE, OTHER = (1,), (1, 2), (1, 2, 3), (1, 4)

EXPECTED = {
    Action.SEE_BOARD: "atsl",
    Action.LIST_MEETINGS: "atsl",
    Action.READ_DIRECTORY: "atsl",
    Action.READ_CONTACTS: "ats",
    Action.HOLD_MEETINGS: "ats",
    Action.READ_METRICS: "at",
    Action.DISCOVER_TARGETS: "at",
    Action.WRITE_DIRECTORY: "at",
    Action.ENROL_NODES: "at",
    Action.OPEN_SITE_ACCESS: "at",
    Action.ANSWER_ALERTS: "at",
    Action.MANAGE_USERS: "a",
    Action.READ_AUDIT: "a",
}
"""By first letter of the role."""


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_the_table_says(role: Role, action: Action) -> None:
    assert Rights((Grant(role),)).may(action) == (role[0] in EXPECTED[action])


def test_a_right_on_a_unit_holds_for_everything_below_and_nothing_beside_or_above() -> None:
    rights = Rights((Grant(Role.TECHNICIAN, 2),))
    for path, allowed in ((PROVINCE, False), (DISTRICT, True), (COMMUNE, True), (OTHER, False), ((), False)):
        assert rights.may(Action.WRITE_DIRECTORY, path) == allowed, path
    assert rights.may_somewhere(Action.WRITE_DIRECTORY)
    assert not rights.may_somewhere(Action.MANAGE_USERS)


def test_grants_add_up_each_in_its_own_place() -> None:
    rights = Rights((Grant(Role.LEADER), Grant(Role.SECRETARY, 3)))
    assert rights.may(Action.SEE_BOARD, OTHER)
    assert rights.may(Action.HOLD_MEETINGS, COMMUNE)
    assert not rights.may(Action.HOLD_MEETINGS, OTHER)


def test_nobody_without_a_grant_may_anything() -> None:
    assert Rights().actions() == frozenset()


def test_a_token_never_reaches_beyond_its_scope_or_its_user() -> None:
    administrator = Rights((Grant(Role.ADMINISTRATOR),))
    assert administrator.narrowed([Scope.METRICS]).actions() == {
        Action.READ_METRICS,
        Action.DISCOVER_TARGETS,
    }
    assert Action.MANAGE_USERS not in administrator.narrowed(Scope).actions()
    leader = Rights((Grant(Role.LEADER),))
    assert leader.narrowed(Scope).actions() == ALLOWED[Role.LEADER]
    assert administrator.narrowed([Scope.WALL]).narrowed([Scope.METRICS]).actions() == frozenset()
    assert all(Action.MANAGE_USERS not in actions and Action.READ_AUDIT not in actions for actions in SCOPES.values())


@pytest.mark.parametrize(
    ("own", "target", "allowed"),
    [
        ([Grant(Role.ADMINISTRATOR)], [Grant(Role.ADMINISTRATOR)], True),
        ([Grant(Role.ADMINISTRATOR, 2)], [Grant(Role.LEADER, 3)], True),
        ([Grant(Role.ADMINISTRATOR, 2)], [Grant(Role.ADMINISTRATOR, 2)], True),
        ([Grant(Role.ADMINISTRATOR, 2)], [Grant(Role.LEADER)], False),
        ([Grant(Role.ADMINISTRATOR, 2)], [Grant(Role.LEADER, 3), Grant(Role.LEADER, 4)], False),
        ([Grant(Role.ADMINISTRATOR, 2)], [], False),
        ([Grant(Role.ADMINISTRATOR)], [], True),
        ([Grant(Role.TECHNICIAN)], [Grant(Role.LEADER, 3)], False),
    ],
)
def test_nobody_administers_somebody_who_may_more(own: list[Grant], target: list[Grant], allowed: bool) -> None:
    paths = {1: PROVINCE, 2: DISTRICT, 3: COMMUNE, 4: OTHER}
    assert may_administer(Rights(tuple(own)), Rights(tuple(target)), paths) == allowed


grants = st.builds(Grant, st.sampled_from(list(Role)), st.none() | st.integers(1, 4))


@given(st.lists(grants, max_size=4), st.sampled_from(list(Action)), st.lists(st.integers(1, 4), max_size=4))
def test_going_down_the_tree_never_takes_a_right_away(held: list[Grant], action: Action, path: list[int]) -> None:
    rights = Rights(tuple(held))
    allowed = [rights.may(action, tuple(path[:depth])) for depth in range(len(path) + 1)]
    assert allowed == sorted(allowed)
    assert rights.may_somewhere(action) or not any(allowed)
