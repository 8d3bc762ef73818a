from __future__ import annotations

from collector.limits import AddressLimits, TokenBucket


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=0)
    for _ in range(3):
        assert bucket.wait_seconds(0) == 0
        bucket.charge(1, 0)
    assert bucket.wait_seconds(0) == 0.5
    assert bucket.wait_seconds(0.5) == 0


def test_a_debt_is_waited_off() -> None:
    bucket = TokenBucket(rate=100, burst=1000, now=0)
    bucket.charge(3000, 0)
    assert bucket.wait_seconds(0) > 20
    assert bucket.wait_seconds(20.5) == 0


def test_a_clock_set_back_takes_nothing_away() -> None:
    bucket = TokenBucket(rate=1, burst=1, now=1000)
    bucket.charge(1, 1000)
    assert bucket.wait_seconds(0) == 1
    assert bucket.wait_seconds(1) == 0


def test_addresses_are_limited_each_and_forgotten_when_they_are_too_many() -> None:
    limits = AddressLimits(rate=1, burst=1, most_addresses=2)
    assert limits.wait_seconds("a", 0) == 0
    assert limits.wait_seconds("a", 0) == 1
    assert limits.wait_seconds("b", 0) == 0
    assert limits.wait_seconds("c", 0) == 0
    assert limits.wait_seconds("a", 0) == 0
