"""How long who has to wait, with time as a parameter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.accounts.lockout import FORGET_SECONDS, LONGEST_DELAY_SECONDS, MAX_KEYS, Lockout

KEY = ("lan", "10.0.0.1")


def test_five_are_free_and_then_the_wait_doubles_up_to_an_hour() -> None:
    lockout, now, waits = Lockout(), 0.0, []
    for _ in range(5):
        assert lockout.begin(KEY, now) == 0.0
    for _ in range(10):
        wait = lockout.begin(KEY, now)
        waits.append(wait)
        now += wait
        assert lockout.begin(KEY, now) == 0.0
    assert waits == [30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0, 3600.0]


def test_waiting_does_not_lengthen_the_wait() -> None:
    lockout = Lockout()
    for _ in range(5):
        lockout.begin(KEY, 0.0)
    assert [lockout.begin(KEY, at) for at in (1.0, 2.0, 29.0)] == [29.0, 28.0, 1.0]
    assert lockout.begin(KEY, 30.0) == 0.0


def test_other_accounts_and_other_places_are_not_touched() -> None:
    lockout = Lockout()
    for _ in range(9):
        lockout.begin(KEY, 0.0)
    assert lockout.begin(("lan", "device 1"), 0.0) == 0.0
    assert lockout.begin(("nam", "10.0.0.1"), 0.0) == 0.0


def test_success_clears_and_half_a_success_takes_back_only_itself() -> None:
    lockout = Lockout()
    for _ in range(4):
        lockout.begin(KEY, 0.0)
    lockout.begin(KEY, 0.0)
    lockout.take_back(KEY)
    assert not lockout.is_locked(KEY, 0.0)
    lockout.begin(KEY, 0.0)
    assert lockout.is_locked(KEY, 0.0)
    lockout.succeeded(KEY)
    assert lockout.begin(KEY, 0.0) == 0.0


def test_old_failures_are_forgotten_and_memory_is_bounded() -> None:
    lockout = Lockout()
    for _ in range(9):
        lockout.begin(KEY, 0.0)
    assert lockout.begin(KEY, FORGET_SECONDS + 1) == 0.0
    for number in range(MAX_KEYS + 10):
        lockout.begin(("x", str(number)), 0.0)
    assert len(lockout._failures) == MAX_KEYS


@given(st.lists(st.floats(0, 1e6), max_size=60))
def test_no_wait_is_negative_or_longer_than_an_hour(times: list[float]) -> None:
    lockout = Lockout()
    for now in sorted(times):
        assert 0.0 <= lockout.begin(KEY, now) <= LONGEST_DELAY_SECONDS
