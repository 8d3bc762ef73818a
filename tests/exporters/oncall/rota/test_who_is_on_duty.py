"""Turns, substitutes, swaps and layers, with the time a parameter."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, datetime

from hypothesis import given
from hypothesis import strategies as st

from exporters.oncall.contracts import Contact, Person
from exporters.oncall.rota.duty import LEADER, ZONE, Rotation, Substitute, layers, present, stretches
from exporters.oncall.rota.store import RotaView

WEEKS = Rotation(1, "", 1, "week", ("an", "binh", "chi"), date(2019, 3, 11), handover=7 * 60)


def at(day: int, hour: int = 12, month: int = 3) -> float:
    return datetime(2019, month, day, hour, tzinfo=ZONE).timestamp()


def test_weeks_go_round_and_change_at_the_handover() -> None:
    assert WEEKS.person(at(11, 6)) is None
    assert WEEKS.person(at(11, 7)) == "an"
    assert WEEKS.person(at(18, 6)) == "an"
    assert WEEKS.person(at(18, 7)) == "binh"
    assert WEEKS.person(at(1, month=4)) == "an"
    assert WEEKS.changes(at(13)) == at(18, 7)
    assert WEEKS.changes(at(1)) == at(11, 7)


def test_days_go_round() -> None:
    days = replace(WEEKS, every="day", handover=0)
    assert [days.person(at(day)) for day in (11, 12, 13, 14)] == ["an", "binh", "chi", "an"]


def test_a_substitute_stands_in_for_the_time_given_and_the_last_one_said_counts() -> None:
    gone = Substitute(1, "an", "dung", at(12), at(13))
    again = Substitute(2, "an", "chi", at(12), at(13))
    assert present(WEEKS, [gone], at(12)) == ("dung", "an")
    assert present(WEEKS, [gone], at(13)) == ("an", "")
    assert present(WEEKS, [gone, again], at(12, 13)) == ("chi", "an")


def test_a_swap_is_two_substitutes() -> None:
    swap = [Substitute(1, "an", "binh", at(11, 7), at(18, 7)), Substitute(2, "binh", "an", at(18, 7), at(25, 7))]
    assert [present(WEEKS, swap, at(day)) for day in (13, 20, 27)] == [("binh", "an"), ("an", "binh"), ("chi", "")]


def test_layers_come_in_order_and_nobody_twice() -> None:
    second = Rotation(2, "", 2, "week", ("an", "dung"), date(2019, 3, 11))
    leader = Rotation(3, "", LEADER, "week", ("lanh-dao",), date(2019, 3, 11))
    assert layers([leader, second, WEEKS], [], (), at(13)) == (("an",), ("lanh-dao",), ("binh", "chi", "dung"))
    assert layers([leader, second, WEEKS], [], (), at(20)) == (("binh",), ("dung",), ("lanh-dao",), ("an", "chi"))


def test_the_nearest_unit_with_a_rota_decides_in_each_layer() -> None:
    own = replace(WEEKS, id=2, unit="xa-kim-xa", people=("kim",))
    assert layers([WEEKS, own], [], ("vinh-phuc", "xa-kim-xa"), at(13))[0] == ("kim",)
    assert layers([WEEKS, own], [], ("vinh-phuc", "xa-khac"), at(13))[0] == ("an",)
    later = replace(own, starts=date(2019, 4, 1))
    assert layers([WEEKS, later], [], ("xa-kim-xa",), at(13))[0] == ("an",)


def test_nobody_on_the_rota_is_nobody() -> None:
    assert layers([], [], (), at(13)) == ()
    assert layers([replace(WEEKS, people=())], [], (), at(13)) == ()


def test_whoever_cannot_be_told_holds_nobody_up() -> None:
    people = {code: Person(code, code, (Contact("sms", "0912345678"),)) for code in ("binh", "chi")}
    view = RotaView((WEEKS,), (), {**people, "an": Person("an", "An", ())})
    assert [[one.code for one in layer] for layer in view.layers(None, at(13))] == [["binh", "chi"]]


_SUBSTITUTES = st.lists(
    st.builds(
        Substitute,
        st.integers(1, 50),
        st.sampled_from(("an", "binh", "chi")),
        st.sampled_from(("an", "dung")),
        st.integers(1, 30).map(at),
        st.integers(1, 30).map(at),
    ),
    max_size=5,
)


@given(_SUBSTITUTES, st.integers(11, 29))
def test_stretches_say_the_same_as_each_instant(substitutes: list[Substitute], day: int) -> None:
    found = stretches(WEEKS, substitutes, at(1), at(30))
    assert all(one.begins < one.ends for one in found)
    assert all(one.ends <= other.begins for one, other in itertools.pairwise(found))
    there = [one for one in found if one.begins <= at(day) < one.ends]
    assert [(one.person, one.instead_of) for one in there] == [present(WEEKS, substitutes, at(day))]
