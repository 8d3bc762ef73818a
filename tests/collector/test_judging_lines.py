from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from collector.directory import load_view
from collector.quality.standing import standings_of
from collector.tables import Line, LineDay, LineEpisode, LineMinute, NodeEvent, Site, Unit, metadata
from tests.collector.conftest import open_engine
from tests.collector.judged import START, build, echo, episodes, live, look, measure, minute_at, states

BEGAN = date(2020, 1, 1)
SITES = {"a": "VNPT", "b": "VNPT", "c": "VNPT", "d": "Viettel", "e": "Viettel"}


def letters(text: str, start: int = 0) -> dict[int, str]:
    names = {"g": "good", "w": "weak", "b": "bad", "d": "down"}
    return {start + number: names[letter] for number, letter in enumerate(text) if letter in names}


@dataclass
class District:
    session: Session
    ids: dict[str, int]

    def measure(self, line: str, levels: str, start: int = 0) -> None:
        measure(self.session, self.ids, line, letters(levels, start))

    def all_but(self, line: str, levels: str, start: int = 0) -> None:
        for other in self.ids:
            if other != line:
                self.measure(other, levels, start)

    def episodes(self, line: str) -> list[tuple[int, int | None, str, str]]:
        return episodes(self.session, self.ids[line])

    def evidence(self, line: str) -> str:
        row = self.session.scalars(select(LineEpisode).where(LineEpisode.line_id == self.ids[line])).one()
        return str(row.evidence["vi"])


@pytest.fixture
def district(session: Session) -> District:
    return District(session, build(session, SITES))


def test_minutes_get_a_state_and_an_episode_its_evidence(district: District) -> None:
    district.measure("a-1", "ggggdddddgggg")
    district.all_but("a-1", "g" * 13)
    echo(district.session, district.ids, "n-a", range(4, 9), gateway=10, first_hop=0, hub=0)
    look(district.session, 12)
    assert states(district.session, district.ids["a-1"]) == "ggggdddddddgg"
    assert district.episodes("a-1") == [(4, 11, "down", "provider")]
    assert district.evidence("a-1") == (
        "Cổng mạng trả lời, chặng đầu nhà mạng không trả lời, máy chủ trung tâm không trả lời, "
        "2/2 xã cùng nhà mạng bình thường, 4/4 xã khác bình thường"
    )
    rows = district.session.scalars(select(LineMinute).where(LineMinute.line_id == district.ids["a-1"]))
    causes = {(row.minute - START) // 60: row.cause for row in rows}
    assert {number for number, cause in causes.items() if cause == "provider"} == set(range(4, 11))
    assert {cause for number, cause in causes.items() if not 4 <= number < 11} == {None}


def test_an_episode_is_open_while_it_lasts_and_says_how_the_line_stands(district: District) -> None:
    district.all_but("", "g" * 10)
    district.measure("a-1", "dd", start=10)
    look(district.session, 11)
    assert [one[:3] for one in district.episodes("a-1")] == [(10, None, "down")]
    view = load_view(district.session)
    standing = standings_of(district.session, view, minute_at(12))[district.ids["a-1"]]
    assert (standing.state, standing.since) == ("down", minute_at(10))
    district.measure("a-1", "gggg", start=12)
    look(district.session, 15)
    assert [one[:3] for one in district.episodes("a-1")] == [(10, 14, "down")]
    standing = standings_of(district.session, view, minute_at(16))[district.ids["a-1"]]
    assert (standing.state, standing.since, standing.cause) == ("good", minute_at(14), None)


def test_a_silent_line_is_an_episode_and_power_when_it_booted(district: District) -> None:
    district.all_but("a-1", "g" * 70)
    district.measure("a-1", "g" * 10)
    live(district.session, "n-a", range(10))
    look(district.session, 20)
    assert district.episodes("a-1") == [(10, None, "no_data", "none")]
    assert "chưa đủ căn cứ" in district.evidence("a-1")
    live(district.session, "n-a", range(60, 70), booted=minute_at(59))
    district.measure("a-1", "g" * 10, start=60)
    look(district.session, 69)
    assert district.episodes("a-1") == [(10, 60, "no_data", "power")]


def test_a_farewell_makes_silence_power_at_once(district: District) -> None:
    district.all_but("a-1", "g" * 15)
    district.measure("a-1", "g" * 10)
    columns = {"epoch": "0" * 16, "severity": "critical", "subject": "ups", "detail": {}, "received_at": 1.0}
    district.session.add(
        NodeEvent(node_id="n-a", sequence=1, kind="power.last_gasp", at=minute_at(10) + 5.0, **columns)
    )
    look(district.session, 14)
    assert district.episodes("a-1") == [(10, None, "no_data", "power")]


def test_a_node_that_kept_sampling_turns_silence_into_a_cut(district: District) -> None:
    district.all_but("a-1", "g" * 40)
    district.measure("a-1", "g" * 10)
    look(district.session, 20)
    assert [one[2] for one in district.episodes("a-1")] == ["no_data"]
    # The fresh lane comes first, the backlog behind it.
    district.measure("a-1", "g" * 5, start=35)
    look(district.session, 39)
    assert [one[:3] for one in district.episodes("a-1")] == [(10, 35, "no_data")]
    echo(district.session, district.ids, "n-a", range(10, 35), gateway=10, first_hop=0)
    district.measure("a-1", "d" * 25, start=10)
    look(district.session, 39)
    assert district.episodes("a-1") == [(10, 37, "down", "provider")]
    (row,) = district.session.scalars(select(LineEpisode))
    assert row.revised_at is not None  # its cause was said otherwise before


def test_a_machine_that_samples_without_measuring_is_the_agents_fault(district: District) -> None:
    district.all_but("a-1", "g" * 20)
    district.measure("a-1", "g" * 5)
    live(district.session, "n-a", range(20))
    look(district.session, 19)
    assert district.episodes("a-1") == [(5, None, "no_data", "agent")]


def test_all_silent_at_once_is_the_hub_until_the_backlog_says_otherwise(district: District) -> None:
    district.all_but("", "g" * 10)
    look(district.session, 20)
    assert {one[0][3] for one in map(district.episodes, district.ids)} == {"hub"}
    for line in ("a-1", "b-1", "c-1"):
        district.measure(line, "d" * 10 + "g" * 6, start=10)
        echo(district.session, district.ids, f"n-{line[0]}", range(10, 20), gateway=10, first_hop=0)
    for line in ("d-1", "e-1"):
        district.measure(line, "g" * 16, start=10)
    look(district.session, 25)
    assert {one for line in ("a-1", "b-1", "c-1") for one in district.episodes(line)} == {
        (10, 22, "down", "upstream")
    }
    assert district.episodes("d-1") == []


def test_an_area_that_stands_out_is_upstream_whatever_its_providers(session: Session) -> None:
    ids = build(session, {"a": "VNPT", "b": "Viettel", "c": "FPT", "d": "VNPT", "e": "Viettel", "f": "FPT"})
    for area, sites in (("Bình Xuyên", "abc"), ("Lập Thạch", "def")):
        above = Unit(code=f"h-{sites}", name=area, kind="huyen", valid_from=BEGAN)
        session.add(above)
        session.flush()
        for code in sites:
            unit = Unit(code=f"x-{code}", name=f"Xã {code}", kind="xa", parent_id=above.id, valid_from=BEGAN)
            session.add(unit)
            session.flush()
            session.execute(update(Site).where(Site.code == code).values(unit_id=unit.id))
    for line in ids:
        measure(session, ids, line, letters("g" * 10 + ("d" * 6 if line[0] in "abc" else "g" * 6)))
    for node in ("n-a", "n-b", "n-c"):
        echo(session, ids, node, range(10, 16), gateway=10, first_hop=0)
    look(session, 15)
    assert [episodes(session, ids[f"{code}-1"]) for code in "abc"] == [[(10, None, "down", "upstream")]] * 3
    (row,) = session.scalars(select(LineEpisode).where(LineEpisode.line_id == ids["a-1"]))
    assert "0/2 xã cùng khu vực bình thường, 3/5 xã khác bình thường" in row.evidence["vi"]


def test_the_hub_says_nothing_of_silence_right_after_its_start(district: District) -> None:
    district.all_but("", "g" * 10)
    look(district.session, 60, silence_counts=False)
    assert all(district.episodes(line) == [] for line in district.ids)


def test_weak_and_bad_are_one_episode_with_its_worst(district: District) -> None:
    district.measure("a-1", "gwwwbbbwwwgggg")
    for number in range(14):
        look(district.session, number, silence_counts=False)
    assert [one[:3] for one in district.episodes("a-1")] == [(2, 12, "bad")]


def test_passes_over_minutes_that_come_one_by_one_end_where_one_pass_does(district: District) -> None:
    levels = "gggwwbbbwwwwwggggddddgggwwg"
    for number, letter in enumerate(levels):
        district.measure("a-1", letter, start=number)
        look(district.session, number, silence_counts=False)
    district.measure("b-1", levels)
    look(district.session, len(levels), silence_counts=False)
    assert [one[:3] for one in district.episodes("a-1")] == [one[:3] for one in district.episodes("b-1")]
    assert states(district.session, district.ids["a-1"]) == states(district.session, district.ids["b-1"])


def test_a_line_that_was_never_measured_can_be_removed_with_what_was_marked_for_it(district: District) -> None:
    echo(district.session, district.ids, "n-a", range(3), gateway=10)
    look(district.session, 3)
    assert district.session.scalars(select(LineDay.line_id)).all() == [district.ids["a-1"]]
    district.session.execute(delete(Line).where(Line.id == district.ids["a-1"]))
    assert district.session.scalars(select(LineDay)).all() == []


def test_an_episode_that_shrinks_leaves_no_cause_behind(district: District) -> None:
    district.measure("a-1", "ggwwwwww", start=50)
    look(district.session, 57, silence_counts=False)
    # In one pass the earlier hour ends it anew and the later hour takes its minutes away.
    district.measure("b-1", "ggwwww", start=50)
    district.measure("b-1", "gggggg", start=60)
    look(district.session, 66, silence_counts=False)
    for line in ("a-1", "b-1"):
        rows = district.session.scalars(select(LineMinute).where(LineMinute.line_id == district.ids[line]))
        assert {(row.state == "good", row.cause is None) for row in rows} == {(True, True), (False, False)}


Step = tuple[str, int]


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[dict[Step, str], list[list[Step]]]:
    """Levels by line and minute, and in which order and portions they come."""
    levels: dict[Step, str] = {}
    for line in ("a-1", "b-1", "c-1"):
        course = draw(st.lists(st.tuples(st.sampled_from("gwbd-"), st.integers(1, 9)), min_size=1, max_size=7))
        minutes = "".join(letter * count for letter, count in course)
        # Over a full hour: minutes lie in several hours of work.
        shift = draw(st.integers(0, 60))
        levels |= {(line, number): level for number, level in letters(minutes, shift).items()}
    order = list(draw(st.permutations(sorted(levels))))
    portions, start = [], 0
    while start < len(order):
        size = draw(st.integers(1, 30))
        portions.append(order[start : start + size])
        start += size
    return levels, portions


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(arrivals())
def test_any_order_of_arrival_gives_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, given_arrivals: tuple[dict[Step, str], list[list[Step]]]
) -> None:
    levels, portions = given_arrivals
    engine = open_engine(tmp_path_factory.mktemp("db") / "hub.db")
    try:
        results = [stored(engine, levels, parts) for parts in ([sorted(levels)], portions)]
    finally:
        engine.dispose()
    assert results[1] == results[0]


def stored(engine: Engine, levels: Mapping[Step, str], portions: list[list[Step]]) -> list[object]:
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with Session(engine) as session:
        ids = build(session, {"a": "VNPT", "b": "VNPT", "c": "Viettel"})
        for portion in portions:
            for line, number in portion:
                measure(session, ids, line, {number: levels[line, number]})
            look(session, 130)
        minutes = select(LineMinute.line_id, LineMinute.minute, LineMinute.state, LineMinute.cause)
        columns = (LineEpisode.line_id, LineEpisode.began, LineEpisode.ended, LineEpisode.state, LineEpisode.cause)
        found: list[object] = list(map(tuple, session.execute(minutes.order_by(*minutes.selected_columns[:2]))))
        found += map(tuple, session.execute(select(*columns).order_by(*columns[:2])))
        found += [str(row) for row in session.scalars(select(LineEpisode.evidence).order_by(*columns[:2]))]
        return found
