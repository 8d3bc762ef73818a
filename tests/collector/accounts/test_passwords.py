"""The rules that a new password has to keep, from the profile file."""

from __future__ import annotations

import pytest

from collector.accounts import PasswordRuleError, current_rules

GOOD = ("ngựa pin kẹp giấy đúng", "Xk7#pq-92mVt", "tám con voi xanh")


@pytest.mark.parametrize("password", GOOD)
def test_a_good_one_is_taken(password: str) -> None:
    current_rules().check(password, "lan.tt", "Nguyễn Thị Lan")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("ngắn quá", "at least 10"),
        ("x" * 1025, "longer than"),
        ("password123", "too common"),
        ("Mật Khẩu 123", "too common"),
        ("Admin@123456", "too common"),
        ("abababababab", "too common"),
        ("của lan.tt 2026 đó", "own name"),
        ("NGUYEN THI LAN!", "own name"),
    ],
)
def test_a_bad_one_is_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(PasswordRuleError) as error:
        current_rules().check(password, "lan.tt", "Nguyễn Thị Lan")
    assert why in str(error.value)
    assert password not in str(error.value)


def test_the_profile_says_its_version_and_source() -> None:
    rules = current_rules()
    assert rules.version == 1
    assert "800-63B" in rules.source
    assert len(rules.common) > 80
