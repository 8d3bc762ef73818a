"""The meeting as a log of events: what it decides, and that the log alone brings it back."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from conferencing.meeting import events
from conferencing.meeting.codes import new_code, read_code
from conferencing.meeting.events import Event, detail_of, kind_of, read_event
from conferencing.meeting.state import AdoptedPeer, Meeting, Presence
from conferencing.migrations import versions
from conferencing.store import LoggedEvent, MeetingStore
from conferencing.tables import metadata
from conferencing.workers.placement import Candidate, choose
from tests.conferencing.serve import open_database


def meeting_with(*seats: str) -> Meeting:
    meeting = Meeting()
    for seat in seats:
        meeting.take_seat(seat, f"Điểm cầu {seat}", None, None)
        meeting.join(seat, f"peer-{seat}", f"Điểm cầu {seat}", microphone=True, camera=True)
        meeting.connected(seat, f"peer-{seat}")
    return meeting


def test_a_reload_replaces_the_peer_and_keeps_the_seat() -> None:
    meeting = meeting_with("a")
    made = meeting.join("a", "peer-2", "Điểm cầu a", microphone=False, camera=True)
    assert made == [
        events.SeatGone("a", "replaced"),
        events.SeatJoined("a", "peer-2", "Điểm cầu a", False, True),
    ]
    # What the worker still says of the first peer is of no interest.
    assert meeting.gone("a", "peer-a", "closed") == []
    assert meeting.connected("a", "peer-2") == [events.SeatConnected("a")]
    assert len(meeting.seats) == 1


def test_what_the_table_does_not_allow_does_not_happen() -> None:
    meeting = meeting_with("a")
    assert meeting.connected("a", "peer-a") == []
    assert meeting.gone("a", None, "left") == [events.SeatGone("a", "left")]
    assert meeting.gone("a", None, "left") == []
    assert meeting.silent("a", "peer-a") == []
    assert meeting.join("nobody", "p", "x", microphone=True, camera=True) == []


def test_closing_sends_everyone_away_and_lets_nobody_in() -> None:
    meeting = meeting_with("a", "b")
    assert [type(event) for event in meeting.close("thanh")] == [
        events.SeatGone,
        events.SeatGone,
        events.MeetingClosed,
    ]
    assert meeting.join("a", "p", "x", microphone=True, camera=True) == []
    assert meeting.close("thanh") == []


def test_a_hub_that_comes_back_believes_the_worker() -> None:
    meeting = meeting_with("a", "b", "c")
    peers = {
        "a": AdoptedPeer("a", "peer-a", Presence.CONNECTED, False, True),
        "b": AdoptedPeer("b", "peer-b", Presence.SILENT, True, True),
    }
    assert meeting.reconcile(peers, "worker") == [
        events.SeatGone("c", "worker"),
        events.SourceSwitched("a", "microphone", False),
        events.SeatSilent("b"),
    ]
    assert meeting.reconcile(peers, "worker") == []


commands = st.lists(
    st.tuples(
        st.sampled_from(["take", "join", "connected", "silent", "gone", "switch", "speaker", "close", "reconcile"]),
        st.sampled_from("abc"),
        st.booleans(),
    ),
    max_size=30,
)


@given(commands)
def test_the_log_replays_to_the_same_state(steps: list[tuple[str, str, bool]]) -> None:
    meeting, log = Meeting(), list[Event]()
    for number, (command, seat, flag) in enumerate(steps):
        peer = f"peer-{number if flag else 0}"
        match command:
            case "take":
                log += meeting.take_seat(seat, seat, None, None)
            case "join":
                log += meeting.join(seat, peer, seat, microphone=flag, camera=True)
            case "connected":
                log += meeting.connected(seat, peer)
            case "silent":
                log += meeting.silent(seat, peer)
            case "gone":
                log += meeting.gone(seat, None if flag else peer, "left")
            case "switch":
                log += meeting.switch_source(seat, "microphone", enabled=flag)
            case "speaker":
                log += meeting.choose_speaker(seat if flag else None)
            case "close":
                log += meeting.close("x") if number % 5 == 0 else []
            case "reconcile":
                adopted = {seat: AdoptedPeer(seat, peer, Presence.CONNECTED, flag, flag)} if flag else {}
                log += meeting.reconcile(adopted, "worker")
    replayed = Meeting()
    for event in log:
        stored = read_event(kind_of(event), detail_of(event))
        assert stored == event
        replayed.apply(event)
    assert (replayed.seats, replayed.speaker, replayed.closed) == (meeting.seats, meeting.speaker, meeting.closed)


def test_the_store_keeps_meetings_seats_and_the_order_of_the_log(tmp_path: Path) -> None:
    store = MeetingStore(open_database(tmp_path / "c.db"))
    stored = store.create("Giao ban tháng 3", "thanh", 5.0)
    assert store.by_code(stored.code) == stored == store.by_id(stored.id)
    seat = store.add_seat(stored.id, "token", 6.0)
    assert store.seat_of(stored.id, "token") == seat
    assert store.seat_of(stored.id, "other") is None
    log: list[Event] = [events.SeatTaken(seat, "Kim Xá", None, "kim-xa"), events.MeetingClosed("thanh")]
    store.append([LoggedEvent(stored.id, 7.0, event) for event in log])
    assert store.events(stored.id) == log
    assert [meeting.code for meeting in store.open_meetings()] == [stored.code]
    store.close(stored.id, 8.0)
    assert store.open_meetings() == []


def test_events_of_a_newer_version_are_left_out() -> None:
    assert read_event("vote_opened", {"question": "?"}) is None


def test_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    names = sorted(found.name for found in pkgutil.iter_modules(versions.__path__))
    migrations = [importlib.import_module(f"{versions.__name__}.{name}") for name in names]
    engine = create_engine(f"sqlite:///{tmp_path}/m.db")
    with engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            for one in migrations:
                one.upgrade()
        assert compare_metadata(context, metadata) == []
        with Operations.context(context):
            for one in reversed(migrations):
                one.downgrade()
    engine.dispose()
    assert migrations[0].branch_labels == ("conferencing",)
    assert [one.down_revision for one in migrations[1:]] == [one.revision for one in migrations[:-1]]


def test_codes_are_read_as_people_type_them() -> None:
    code = new_code()
    assert read_code(f" {code.upper().replace('-', ' ')} ") == code
    assert read_code("k7m2-6xqd") is None
    assert read_code("k7m2-6xqd-4tr1") is None


@pytest.mark.parametrize(
    ("workers", "chosen"),
    [
        ([], None),
        ([(True, 9)], 0),
        ([(True, 9), (True, 0)], 0),
        ([(False, 0), (True, 0)], 1),
        ([(True, 9), (True, 3), (True, 0)], 1),
        ([(False, 0), (False, 0)], None),
    ],
)
def test_the_last_worker_is_a_spare(workers: list[tuple[bool, int]], chosen: int | None) -> None:
    assert choose([Candidate(connected, peers) for connected, peers in workers]) == chosen
