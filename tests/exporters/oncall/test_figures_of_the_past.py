"""Weeks, medians and noise from what has been."""

from __future__ import annotations

from exporters.oncall import past
from exporters.oncall.past import PastTrouble
from tests.exporters.oncall.persons import at

MONDAY = at("2026-11-23 00:00")


def trouble(after: float, taken: float | None = None, *, told: bool = True, rules: str = "LineDown") -> PastTrouble:
    opened = MONDAY + after
    return PastTrouble(
        opened, "critical", True, opened if told else None, None if taken is None else opened + taken,
        frozenset(rules.split()),
    )  # fmt: skip


def test_each_week_has_its_own_and_an_empty_one_is_shown() -> None:
    troubles = [trouble(-1, 60), trouble(0, 100), trouble(6 * 86400, 300), trouble(8 * 86400), trouble(9, told=False)]
    found = past.weeks(troubles, MONDAY - 14 * 86400, MONDAY + 9 * 86400)
    assert [one.troubles for one in found] == [0, 1, 3, 1]
    assert found[1].begins == at("2026-11-16 00:00")
    assert (found[2].told, found[2].taken, found[2].median_seconds) == (2, 2, 200.0)
    assert (found[3].median_seconds, found[3].slowest_tenth_seconds) == (None, None)


def test_noise_is_what_was_told_and_over_before_anybody_took_it() -> None:
    troubles = [trouble(1), trouble(2, 60), trouble(3, rules="LineDown NodeHot"), trouble(4, told=False)]
    found = {one.rule: (one.troubles, one.told, one.untaken, one.noise) for one in past.rules(troubles)}
    assert found == {"LineDown": (4, 3, 2, 2 / 3), "NodeHot": (1, 1, 1, 1.0)}
