from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.quality.hysteresis import states
from collector.quality.judgement import LEVELS, RANK, Level
from collector.quality.profile import FILE, ProfileError, parse, shipped

LETTERS: dict[str, Level] = {level[0]: level for level in LEVELS}


def settled(levels: str, gap_after: int | None = None) -> str:
    """Letters of the levels minute by minute → letters of the states."""
    minutes = [
        (60 * number + (3600 if gap_after is not None and number > gap_after else 0), LETTERS[letter])
        for number, letter in enumerate(levels)
    ]
    return "".join(state[0] for _, state in states(minutes, shipped().limits))


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ("ggggg", "ggggg"),
        ("gbggg", "ggggg"),  # one minute is no state
        ("gbbgg", "ggbbb"),  # worse after two in a row
        ("gbbggg", "ggbbbg"),  # better after three
        ("gwbgg", "ggwww"),  # at least weak for two minutes
        ("gbbwwwg", "ggbbbww"),
        ("gdggg", "gdddg"),  # a whole minute lost is down at once
        ("gdwww", "gdddw"),
        ("gdgdggg", "gdddddg"),
        ("bbbbb", "gbbbb"),
        ("d", "d"),
    ],
)
def test_states_follow_with_hysteresis(levels: str, expected: str) -> None:
    assert settled(levels) == expected


def test_after_a_long_gap_nothing_is_carried_on() -> None:
    assert settled("gbbbgg", gap_after=3) == "ggbbgg"


@given(st.lists(st.sampled_from("gwbd"), min_size=1, max_size=60))
def test_a_state_is_never_worse_than_what_was_seen_nor_better(levels: Sequence[str]) -> None:
    for number, letter in enumerate(settled("".join(levels))):
        seen = [RANK[LETTERS[one]] for one in levels[max(0, number - 2) : number + 1]]
        if letter != settled("".join(levels))[number - 1 : number] and number:
            assert min(seen) <= RANK[LETTERS[letter]] <= max(seen)


def test_the_shipped_profile_says_where_each_number_is_from() -> None:
    profile = shipped()
    assert profile.version
    assert profile.limits.availability == 0.995
    assert all(profile.sources.values())


WRONG = {"unit": "min", "source": "y"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limits": {"loss_wek": 1}}, "limits.loss_wek: unknown; did you mean loss_weak?"),
        ({"limits": {"loss_weak": {"value": "x", **WRONG}}}, "limits.loss_weak.value: not a number above 0"),
        ({"limits": {"loss_weak": {"value": 1, "unit": ""}}},
         "limits.loss_weak: needs value, unit and source, and nothing else"),
        ({"limits": {"worse_after_minutes": {"value": 1.5, **WRONG}}},
         "limits.worse_after_minutes.value: not a whole number of minutes up to 60"),
        ({"verzion": "1"}, "verzion: unknown; did you mean version?"),
        ({"version": ""}, "is no line-quality profile with a version"),
        ({"note": {"vi": "x"}}, "note: needs vi and en"),
    ],
)  # fmt: skip
def test_a_bad_profile_says_what_is_wrong(change: dict[str, object], message: str) -> None:
    document = json.loads(FILE.read_text(encoding="utf-8"))
    for key, value in change.items():
        if key == "limits" and isinstance(value, dict):
            document["limits"].update(value)
        else:
            document[key] = value
    with pytest.raises(ProfileError) as error:
        parse(json.dumps(document))
    assert str(error.value) == message


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_an_error(text: str) -> None:
    with pytest.raises(ProfileError):
        parse(text)
