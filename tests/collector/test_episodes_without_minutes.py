"""Episodes that stand before all judged minutes are history: what comes later neither removes nor changes them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from collector.tables import LineEpisode, metadata
from tests.collector.conftest import open_engine
from tests.collector.judged import build, episodes, look, measure, minute_at

LEVELS = {"g": "good", "w": "weak", "b": "bad", "d": "down"}
Told = tuple[int, int, str]


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """Closed episodes, one after the other, the last of which ends at minute 0 or before."""
    found: list[Told] = []
    end = -draw(st.integers(0, 3))
    for length, gap, state in draw(
        st.lists(
            st.tuples(st.integers(1, 20), st.integers(1, 9), st.sampled_from(["weak", "down", "no_data"])),
            min_size=1,
            max_size=4,
        )
    ):
        found.append((end - length, end, state))
        end -= length + gap
    return found


def seed(session: Session, line_id: int, told: list[Told]) -> None:
    session.add_all(
        LineEpisode(
            line_id=line_id, began=minute_at(began), ended=minute_at(ended), state=state, cause="none", evidence={},
            updated_at=1.0,
        )
        for began, ended, state in told
    )  # fmt: skip
    session.flush()


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(histories(), st.text("gwbd-", min_size=1, max_size=25), st.data())
def test_what_is_measured_later_leaves_them_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, told: list[Told], course: str, data: st.DataObject
) -> None:
    engine = open_engine(tmp_path_factory.mktemp("db") / "hub.db")
    metadata.create_all(engine)
    order = list(data.draw(st.permutations([(at, level) for at, level in enumerate(course) if level in LEVELS])))
    try:
        with Session(engine) as session:
            ids = build(session, {"a": "VNPT"})
            seed(session, ids["a-1"], told)
            while order:
                portion = [order.pop() for _ in range(min(len(order), data.draw(st.integers(1, 9))))]
                measure(session, ids, "a-1", {at: LEVELS[level] for at, level in portion})
                look(session, 40)
            found = [one[:3] for one in episodes(session, ids["a-1"])]
    finally:
        engine.dispose()
    assert [one for one in found if one[0] < 0] == sorted(told)


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ("dddgggg", [(-5, 5, "down")]),
        ("gggg", [(-5, 0, "down")]),
        ("wwwwgggg", [(-5, 0, "down"), (1, 6, "weak")]),
    ],
)
def test_one_that_lasts_into_the_first_minutes_is_carried_on_or_ended_by_them(
    session: Session, course: str, expected: list[Told]
) -> None:
    ids = build(session, {"a": "VNPT"})
    seed(session, ids["a-1"], [(-5, 3, "down")])
    measure(session, ids, "a-1", {at: LEVELS[level] for at, level in enumerate(course)})
    look(session, len(course) - 1, silence_counts=False)
    assert [one[:3] for one in episodes(session, ids["a-1"])] == expected
