"""The second factor: RFC 6238's own vectors, drift, replay, recovery codes."""

from __future__ import annotations

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import accounts
from collector.accounts import totp
from collector.accounts.totp import CodeVerdict
from collector.tables import RecoveryCodeRow, TotpRow
from tests.collector.support import NOW


class PlainSealer:
    """Shows what is sealed for what, and refuses what belongs elsewhere."""

    def seal(self, text: str, purpose: str) -> str:
        return f"{purpose}|{text}"

    def open(self, sealed: str, purpose: str) -> str:
        assert sealed.startswith(f"{purpose}|")
        return sealed.partition("|")[2]


SEALER = PlainSealer()


@pytest.fixture
def user(session: Session) -> int:
    return accounts.add(session, "lan", "mười hai chữ cái", NOW, role="administrator").id


@pytest.fixture
def secret(session: Session, user: int) -> str:
    made = totp.begin(session, user, SEALER)
    assert totp.confirm(session, user, code(made, NOW), NOW, SEALER)
    return made


def code(secret: str, at: float) -> str:
    return pyotp.TOTP(secret).at(int(at))


@pytest.mark.parametrize(
    ("at", "digits"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(at: int, digits: str) -> None:
    assert code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) == digits


def test_a_secret_counts_only_after_a_code_of_it(session: Session, user: int) -> None:
    made = totp.begin(session, user, SEALER)
    assert not totp.is_set(session, user)
    assert totp.verify(session, user, code(made, NOW), NOW, SEALER) is CodeVerdict.WRONG
    assert totp.confirm(session, user, "000000", NOW, SEALER) is None
    assert len(totp.confirm(session, user, code(made, NOW), NOW, SEALER) or []) == 10
    assert totp.is_set(session, user)


@pytest.mark.parametrize("drift", [-2, -1, 0, 1, 2])
def test_a_clock_may_be_half_a_minute_off(session: Session, user: int, secret: str, drift: int) -> None:
    later = NOW + 600
    verdict = CodeVerdict.RIGHT if abs(drift) <= 1 else CodeVerdict.WRONG
    assert totp.verify(session, user, code(secret, later + 30 * drift), later, SEALER) is verdict


def test_a_code_works_once_and_no_older_one_after_it(session: Session, user: int, secret: str) -> None:
    later = NOW + 600
    given = code(secret, later)
    assert totp.verify(session, user, given, later, SEALER) is CodeVerdict.RIGHT
    assert totp.verify(session, user, given, later + 20, SEALER) is CodeVerdict.REPLAYED
    assert totp.verify(session, user, code(secret, later - 30), later, SEALER) is CodeVerdict.REPLAYED
    assert totp.verify(session, user, code(secret, later + 30), later + 30, SEALER) is CodeVerdict.RIGHT


def test_the_code_of_the_set_up_is_used_up(session: Session, user: int, secret: str) -> None:
    assert totp.verify(session, user, code(secret, NOW), NOW, SEALER) is CodeVerdict.REPLAYED


def test_a_recovery_code_works_once_however_it_is_typed(session: Session, user: int, secret: str) -> None:
    first, second, *_ = totp.new_recovery_codes(session, user)
    assert totp.verify(session, user, f" {first.upper()} ", NOW, SEALER) is CodeVerdict.RIGHT_RECOVERY
    assert totp.verify(session, user, first, NOW, SEALER) is CodeVerdict.REPLAYED
    assert totp.verify(session, user, second.replace("-", " "), NOW, SEALER) is CodeVerdict.RIGHT_RECOVERY
    assert totp.recovery_codes_left(session, user) == 8
    totp.new_recovery_codes(session, user)
    assert totp.recovery_codes_left(session, user) == 10


def test_somebody_elses_codes_are_wrong(session: Session, user: int, secret: str) -> None:
    other = accounts.add(session, "nam", "mười hai chữ cái", NOW).id
    made = totp.begin(session, other, SEALER)
    totp.confirm(session, other, code(made, NOW), NOW, SEALER)
    (foreign, *_) = totp.new_recovery_codes(session, other)
    assert totp.verify(session, user, foreign, NOW, SEALER) is CodeVerdict.WRONG
    assert totp.verify(session, user, code(made, NOW + 600), NOW + 600, SEALER) is CodeVerdict.WRONG


def test_nothing_lies_open_in_the_database(session: Session, user: int, secret: str) -> None:
    codes = totp.new_recovery_codes(session, user)
    stored = str([row.code_sha256 for row in session.scalars(select(RecoveryCodeRow))])
    assert not any(one in stored or one.replace("-", "") in stored for one in codes)
    row = session.get_one(TotpRow, user)
    assert row.secret is not None
    assert row.secret.startswith(f"totp:{user}|")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=64))
def test_any_text_is_a_code_or_a_wrong_one(session: Session, user: int, secret: str, given_code: str) -> None:
    assert totp.verify(session, user, given_code, NOW, SEALER) in (CodeVerdict.WRONG, CodeVerdict.REPLAYED)
