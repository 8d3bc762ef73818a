from __future__ import annotations

from datetime import date

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import accounts
from collector.accounts.rights import Grant, Rights, Role
from collector.tables import Unit, User
from tests.collector.support import NOW

PASSWORD = "mười hai chữ cái"


@pytest.fixture
def chi(session: Session) -> User:
    accounts.add(session, "Chi", PASSWORD, NOW, display_name="Chị Chi", role="technician", must_change_password=True)
    return session.scalars(select(User)).one()


def test_the_right_password_gives_the_account(session: Session, chi: User) -> None:
    found = accounts.verify(session, " CHI ", PASSWORD)
    assert found is not None
    assert (found.name, found.display_name, found.must_change_password) == ("chi", "Chị Chi", True)
    assert found.rights == Rights((Grant(Role.TECHNICIAN),))
    assert not found.has_totp


def test_a_wrong_password_an_unknown_name_and_a_disabled_user_look_alike(session: Session, chi: User) -> None:
    assert accounts.verify(session, "chi", PASSWORD + "!") is None
    assert accounts.verify(session, "nobody", PASSWORD) is None
    chi.disabled_at = NOW
    assert accounts.verify(session, "chi", PASSWORD) is None
    assert accounts.find(session, "chi") is None
    assert accounts.find(session, "chi", disabled_too=True) is not None


def test_changing_the_password_needs_the_old_one(session: Session, chi: User) -> None:
    assert accounts.change_password(session, "chi", "wrong password", "another password") is None
    changed = accounts.change_password(session, "chi", PASSWORD, "another password")
    assert changed is not None
    assert not changed.must_change_password
    assert accounts.verify(session, "chi", PASSWORD) is None
    assert accounts.verify(session, "chi", "another password") is not None


@pytest.mark.parametrize("new", ["short", "x" * 2000, PASSWORD])
def test_a_new_password_keeps_the_rules(session: Session, chi: User, new: str) -> None:
    with pytest.raises(accounts.PasswordRuleError):
        accounts.change_password(session, "chi", PASSWORD, new)


def test_a_hash_of_weaker_parameters_is_renewed_at_sign_in(session: Session, chi: User) -> None:
    chi.password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    before = chi.password_hash
    assert accounts.verify(session, "chi", PASSWORD) is not None
    assert chi.password_hash != before
    assert accounts.verify(session, "chi", PASSWORD) is not None


@pytest.mark.parametrize(
    ("name", "role", "message"),
    [
        ("chi", "leader", "User name 'chi' is taken."),
        ("chị", "leader", "User name 'chị': use 1 to 64 of the letters a-z, digits and . _ @ -"),
        ("", "leader", "User name '': use 1 to 64 of the letters a-z, digits and . _ @ -"),
        ("nam", "king", "Role 'king' is unknown; one of: administrator, technician, secretary, leader"),
    ],
)
def test_what_cannot_be_an_account_is_said_in_one_line(
    session: Session, chi: User, name: str, role: str, message: str
) -> None:
    with pytest.raises(accounts.AccountError) as error:
        accounts.add(session, name, PASSWORD, NOW, role=role)
    assert str(error.value).split(" / ")[1] == message


def test_a_damaged_hash_lets_nobody_in(session: Session, chi: User) -> None:
    chi.password_hash = "not a hash"
    assert accounts.verify(session, "chi", PASSWORD) is None


def test_grants_are_listed_given_once_and_taken_back(session: Session, chi: User) -> None:
    unit = Unit(code="08650", name="Xã Kim Xá", kind="xa", valid_from=date(2025, 7, 1))
    session.add(unit)
    session.flush()
    for _ in range(2):
        accounts.grant(session, "chi", "secretary", unit.id, NOW, "admin")
    held = accounts.grants(session, "chi")
    assert [(one.role, one.unit_code, one.granted_by) for one in held] == [
        ("technician", "", "hub"),
        ("secretary", "08650", "admin"),
    ]
    accounts.revoke(session, "chi", held[0].id)
    found = accounts.find(session, "chi")
    assert found is not None
    assert found.rights == Rights((Grant(Role.SECRETARY, unit.id),))
    with pytest.raises(accounts.AccountError):
        accounts.revoke(session, "chi", held[0].id)
    with pytest.raises(accounts.AccountError):
        accounts.grant(session, "chi", "leader", 9999, NOW, "admin")
