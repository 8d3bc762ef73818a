from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from agent.wire.configuration import RTT_BUCKETS_SECONDS
from collector import directory
from collector.quality.figures import fold
from collector.quality.minutes import (
    SEAL_AFTER_SECONDS,
    OpenWindows,
    merge,
    minute_columns,
    seal_old,
    write_windows,
)
from collector.quality.windows import WindowFigures, gather, place
from collector.tables import LineMinute, metadata
from tests.collector.conftest import open_engine
from tests.collector.support import NOW

MINUTE = int(NOW)
LINE = "vt-1"
Sample = tuple[str, str, int, float]


def window(end: float, **values: float) -> WindowFigures:
    return WindowFigures(LINE, round(end * 1000), dict(values))


def whole(end: float, sent: int = 100, up: int = 0, down: int = 0, rtt: float = 0.012) -> WindowFigures:
    """A window of which everything is known."""
    received = sent - up - down
    figures: dict[str, float] = {
        "sent": sent,
        "received": received,
        "lost_up": up,
        "lost_down": down,
        "unmeasured": 0,
        "late": 0,
        "duplicate": 0,
        "reordered": 0,
        "skipped": 0,
        "late_sends": 0,
        "loss_bursts": min(1, up + down),
        **{f"rtt_le_{n}": received * (rtt <= bound) for n, bound in enumerate((*RTT_BUCKETS_SECONDS, 1e9))},
    }
    if received:
        figures |= {
            "rtt_min": rtt,
            "rtt_p50": rtt,
            "rtt_p95": rtt,
            "rtt_max": rtt,
            "jitter": 0.001,
            "ipdv_p95": 0.002,
        }
    return window(end, **figures)


def minute_of(windows: Iterable[WindowFigures]) -> OpenWindows:
    return merge({}, [(place(one.end_ms)[1], one) for one in windows])


@pytest.fixture
def lines(session: Session) -> dict[str, int]:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    line = directory.find_line(session, LINE)
    assert line is not None
    return {LINE: line.id}


def rows(session: Session) -> list[LineMinute]:
    return list(session.scalars(select(LineMinute).order_by(LineMinute.minute)))


def test_six_windows_fill_a_minute_which_then_keeps_no_windows(session: Session, lines: dict[str, int]) -> None:
    write_windows(session, [whole(MINUTE + 10 * n) for n in range(1, 7)], lines, NOW)
    (row,) = rows(session)
    assert (row.minute, row.windows_mask, row.direction_mask) == (MINUTE, 63, 63)
    assert (row.sent, row.received, row.lost_up, row.lost_down, row.lost_unknown) == (600, 600, 0, 0, 0)
    assert row.rtt_p50 == pytest.approx(0.012)
    assert row.mos == pytest.approx(4.41, abs=0.01)
    assert row.rtt_buckets is not None
    assert row.rtt_buckets[-1] == 600
    assert row.open_windows is None


def test_a_replay_of_a_complete_minute_changes_nothing(session: Session, lines: dict[str, int]) -> None:
    windows = [whole(MINUTE + 10 * n) for n in range(1, 7)]
    write_windows(session, windows, lines, NOW)
    write_windows(session, windows, lines, NOW + 3600)
    (row,) = rows(session)
    assert (row.sent, row.updated_at) == (600, NOW)


def test_a_window_that_ends_with_the_minute_belongs_to_it(session: Session, lines: dict[str, int]) -> None:
    write_windows(session, [whole(MINUTE), whole(MINUTE + 10)], lines, NOW)
    assert [(row.minute, row.windows_mask) for row in rows(session)] == [(MINUTE - 60, 0b100000), (MINUTE, 1)]


@given(st.integers(0, 10**15), st.integers(-9_999, 9_999))
def test_every_window_of_a_shifted_clock_has_a_place_of_its_own(first: int, shift: int) -> None:
    ends = [first // 10_000 * 10_000 + 10_000 * (n + 2) + shift for n in range(12)]
    places = [place(end) for end in ends]
    assert len(set(places)) == 12
    assert places == sorted(places)
    for (minute, index), end in zip(places, ends, strict=True):
        assert abs(minute * 1000 + index * 10_000 - (end - 10_000)) <= 5_000


def test_losses_are_unknown_until_their_direction_is_said(session: Session, lines: dict[str, int]) -> None:
    figures = replace(whole(MINUTE + 10, up=3, down=1))
    said_later = {field: figures.values.pop(field) for field in ("lost_up", "lost_down", "unmeasured", "loss_bursts")}
    write_windows(session, [figures], lines, NOW)
    (row,) = rows(session)
    assert (row.lost_up, row.lost_down, row.lost_unknown, row.direction_mask) == (0, 0, 4, 0)

    write_windows(session, [WindowFigures(LINE, figures.end_ms, said_later)], lines, NOW + 7200)
    (row,) = rows(session)
    assert (row.lost_up, row.lost_down, row.lost_unknown, row.direction_mask) == (3, 1, 0, 1)


def test_directions_that_come_before_the_figures_wait_for_them(session: Session, lines: dict[str, int]) -> None:
    write_windows(session, [window(MINUTE + 10, lost_up=2, lost_down=0, unmeasured=0)], lines, NOW)
    (row,) = rows(session)
    assert (row.windows_mask, row.sent, row.lost_up) == (0, 0, 0)
    write_windows(session, [window(MINUTE + 10, sent=100, received=98)], lines, NOW)
    (row,) = rows(session)
    assert (row.windows_mask, row.sent, row.lost_up, row.lost_unknown) == (1, 100, 2, 0)


def test_a_restarted_reflector_is_not_loss() -> None:
    folded = fold([{"sent": 100, "received": 60, "lost_up": 0, "lost_down": 0, "unmeasured": 40}])
    assert (folded.lost, folded.loss_ratio) == (0, 0)


def test_a_dead_line_has_the_lowest_mos_and_no_round_trip() -> None:
    folded = fold([whole(MINUTE + 10, up=100).values])
    assert (folded.loss_ratio, folded.mos, folded.rtt_p50) == (1, 1, None)


def test_a_minute_in_which_nothing_was_sent_says_nothing_of_the_line() -> None:
    folded = fold([{"sent": 0, "received": 0, "skipped": 100}])
    assert (folded.loss_ratio, folded.mos, folded.skipped) == (None, None, 100)


def test_half_said_windows_are_never_loss() -> None:
    assert fold([{"sent": 100}]).lost == 0
    assert fold([{"received": 100}, {"sent": 100, "received": 99}]).lost == 1


@st.composite
def minutes_in_pieces(draw: st.DrawFn) -> tuple[list[Sample], list[list[Sample]]]:
    """Samples of some windows, and the same samples in any order, repeated, in any number of requests."""
    said: list[Sample] = []
    for end in draw(st.lists(st.integers(1, 13), unique=True, min_size=1, max_size=13)):
        up, down = draw(st.integers(0, 50)), draw(st.integers(0, 50))
        one = whole(MINUTE + 10 * end, up=up, down=down, rtt=draw(st.sampled_from([0.004, 0.012, 0.3])))
        said += [(LINE, field, one.end_ms, value) for field, value in one.values.items()]
    repeated = draw(st.lists(st.sampled_from(said), max_size=60))
    shuffled = draw(st.permutations([*said, *repeated]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=6)))
    edges = [0, *cuts, len(shuffled)]
    return said, [list(shuffled[a:b]) for a, b in pairwise(edges)]


@given(minutes_in_pieces())
def test_order_repetition_and_splitting_leave_no_trace(pieces: tuple[list[Sample], list[list[Sample]]]) -> None:
    at_once, requests = pieces
    whole_minutes: dict[int, OpenWindows] = {}
    split_minutes: dict[int, OpenWindows] = {}
    for minutes, parts in ((whole_minutes, [at_once]), (split_minutes, requests)):
        for part in parts:
            for one in gather(part)[0]:
                minute, index = place(one.end_ms)
                minutes[minute] = merge(minutes.get(minute, {}), [(index, one)])
    columns = {minute: minute_columns(windows) for minute, windows in whole_minutes.items()}
    assert {minute: minute_columns(windows) for minute, windows in split_minutes.items()} == columns


def columns_of(sessions: sessionmaker[Session]) -> list[dict[str, object]]:
    names = [column.name for column in LineMinute.__table__.columns if column.name != "updated_at"]
    with sessions() as session:
        return [{name: getattr(row, name) for name in names} for row in rows(session)]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(minutes_in_pieces())
def test_the_database_holds_the_same_rows_either_way(
    tmp_path_factory: pytest.TempPathFactory, pieces: tuple[list[Sample], list[list[Sample]]]
) -> None:
    at_once, requests = pieces
    results = [_stored(tmp_path_factory.mktemp("db"), parts) for parts in ([at_once], requests)]
    assert results[0] == results[1]


def _stored(folder: Path, requests: list[list[Sample]]) -> list[dict[str, object]]:
    engine = open_engine(folder / "hub.db")
    try:
        metadata.create_all(engine)
        sessions = sessionmaker(engine)
        with sessions.begin() as session:
            directory.ensure_site(session, "vt", "Vĩnh Tường")
        for number, part in enumerate(requests):
            with sessions.begin() as session:
                write_windows(session, gather(part)[0], {LINE: 1}, NOW + number)
        return columns_of(sessions)
    finally:
        engine.dispose()


def test_two_windows_in_one_place_leave_the_earlier_whatever_came_first() -> None:
    early, late = window(MINUTE + 10, sent=100, received=100), window(MINUTE + 12, sent=90, received=10, late=1)
    assert minute_of([early, late]) == minute_of([late, early]) == minute_of([early])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sent", -1.0),
        ("sent", 0.5),
        ("sent", float("nan")),
        ("sent", float("inf")),
        ("sent", 1e15),
        ("rtt_p50", -0.1),
        ("rtt_p50", float("nan")),
        ("jitter", 1e9),
        ("unheard_of", 1.0),
    ],
)
def test_values_that_cannot_be_are_counted_and_left_out(field: str, value: float) -> None:
    assert gather([(LINE, field, MINUTE * 1000, value)]) == ([], 1)


def test_minutes_too_old_to_change_let_their_windows_go(session: Session, lines: dict[str, int]) -> None:
    write_windows(session, [whole(MINUTE + 10), whole(MINUTE + 70)], lines, NOW)
    assert seal_old(session, MINUTE + SEAL_AFTER_SECONDS + 30) == 1
    session.expire_all()
    assert [row.open_windows is None for row in rows(session)] == [True, False]
    write_windows(session, [whole(MINUTE + 20)], lines, NOW)
    assert rows(session)[0].windows_mask == 1


def test_a_backlog_of_hours_is_written_in_one_go(session: Session, lines: dict[str, int]) -> None:
    write_windows(session, [whole(MINUTE + 10 * n) for n in range(1, 6 * 500 + 1)], lines, NOW)
    session.expire_all()
    assert [row.windows_mask for row in rows(session)] == [63] * 500
