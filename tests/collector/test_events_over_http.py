from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from agent.wire.events import EVENTS_PATH, MAX_BODY_BYTES, Event, encode
from agent.wire.remote_write import NODE_TIME_HEADER
from collector import events
from collector.events.applying import KEPT_SECONDS
from collector.tables import LineWork, NodeEvent
from tests.collector.support import NOW, Hub, Node

EPOCH = "0123456789abcdef"


def event(sequence: int, at: float = NOW, kind: str = "power.last_gasp") -> Event:
    return Event(sequence, round(at * 1000), kind, "critical", "ups", {"n": sequence})


async def send(node: Node, some: Sequence[Event] | bytes, epoch: str = EPOCH) -> httpx.Response:
    body = some if isinstance(some, bytes) else encode(epoch, some)
    headers = {"Authorization": f"Bearer {node.key}", NODE_TIME_HEADER: f"{node.clock.now + node.offset:.3f}"}
    return await node.client.post(EVENTS_PATH, content=body, headers=headers)


def stored(sessions: sessionmaker[Session]) -> list[tuple[str, int]]:
    with sessions() as session:
        rows = session.execute(select(NodeEvent.epoch, NodeEvent.sequence).order_by(NodeEvent.id))
        return [(epoch, sequence) for epoch, sequence in rows]


async def test_events_are_applied_once_however_often_they_come(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    for _ in range(2):
        answer = await send(node, [event(1), event(2)])
        assert (answer.status_code, answer.json()) == (200, {"applied_through": 2})
    overlapping = await send(node, [event(2), event(3)])
    assert overlapping.json() == {"applied_through": 3}
    assert (await send(node, [event(1)])).json() == {"applied_through": 1}
    assert stored(sessions) == [(EPOCH, 1), (EPOCH, 2), (EPOCH, 3)]
    (newest, *_) = await hub.collector.site_events("vt", 0, NOW + 1)
    assert (newest.node, newest.kind, newest.subject, newest.detail) == (
        node.node,
        "power.last_gasp",
        "ups",
        {"n": 3},
    )


async def test_a_gap_is_refused_whole_and_says_what_the_hub_has(node: Node, sessions: sessionmaker[Session]) -> None:
    await send(node, [event(1)])
    answer = await send(node, [event(3), event(4)])
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["applied_through"] == 1
    assert stored(sessions) == [(EPOCH, 1)]


async def test_a_queue_made_anew_begins_where_it_begins(node: Node, sessions: sessionmaker[Session]) -> None:
    await send(node, [event(1)])
    other = "f" * 16
    assert (await send(node, [event(7)], other)).json() == {"applied_through": 7}
    assert stored(sessions) == [(EPOCH, 1), (other, 7)]


async def test_times_are_corrected_as_those_of_samples_and_never_ahead(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    node.offset = 86_400.0
    await send(node, [event(1, NOW + 86_400 - 60), event(2, NOW + 3 * 86_400)])
    with sessions() as session:
        assert list(session.scalars(select(NodeEvent.at).order_by(NodeEvent.sequence))) == [NOW - 60, NOW]


async def test_a_farewell_makes_its_minute_be_judged_again(node: Node, sessions: sessionmaker[Session]) -> None:
    await send(node, [event(1, kind="security.new_port"), event(2, NOW - 86_400 * 30)])
    with sessions() as session:
        assert session.scalars(select(LineWork)).all() == []
    await send(node, [event(3)])
    with sessions() as session:
        assert {(row.since, row.until) for row in session.scalars(select(LineWork))} == {(NOW, NOW)}


async def test_events_of_a_kind_and_of_a_time_are_listed(hub: Hub, node: Node) -> None:
    await send(node, [event(1), event(2, NOW - 100), event(3, kind="security.new_port"), event(4, kind="powerful.x")])
    found = await hub.collector.site_events("vt", NOW - 10, NOW + 1, "power")
    assert [one.detail["n"] for one in found] == [1]
    everything = await hub.collector.site_events("vt", 0, NOW + 1)
    rest = await hub.collector.site_events("vt", 0, NOW + 1, before=everything[1].id)
    assert [one.detail["n"] for one in (*everything[:2], *rest)] == [4, 3, 2, 1]
    assert await hub.collector.site_events("tt", 0, NOW + 1) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (encode("xyz", [event(1)]), 400),
        (encode(EPOCH, [event(1), event(3)]), 400),
        (bytes(MAX_BODY_BYTES + 1), 413),
    ],
)
async def test_bad_bodies_are_refused_and_nothing_is_kept(
    node: Node, sessions: sessionmaker[Session], body: bytes, status: int
) -> None:
    answer = await send(node, body)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert stored(sessions) == []


async def test_without_a_key_nothing_is_taken(hub: Hub, node: Node, sessions: sessionmaker[Session]) -> None:
    node.key = "x"
    assert (await send(node, [event(1)])).status_code == 401
    assert stored(sessions) == []


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 10)), max_size=12))
async def test_whatever_is_sent_the_rows_are_the_numbers_from_the_first_on(
    hub: Hub, node: Node, sessions: sessionmaker[Session], requests: list[tuple[int, int]]
) -> None:
    with sessions.begin() as session:
        events.purge(session, NOW + 10 * KEPT_SECONDS)
    hub.clock.now += 3600
    first = None
    for start, count in requests:
        answer = await send(node, [event(start + n) for n in range(count)])
        assert answer.status_code in (200, 409)
        first = start if first is None else first
    numbers = [sequence for _, sequence in stored(sessions)]
    assert numbers == ([] if first is None else list(range(first, first + len(numbers))))


def test_what_is_kept_is_bounded_in_time(sessions: sessionmaker[Session], node: Node) -> None:
    with sessions.begin() as session:
        columns = {"epoch": EPOCH, "kind": "a.b", "severity": "info", "subject": "", "detail": {}}
        for number, at in enumerate((NOW, NOW - KEPT_SECONDS - 1)):
            session.add(NodeEvent(node_id=node.node, sequence=number, at=at, received_at=at, **columns))
    with sessions.begin() as session:
        assert events.purge(session, NOW) == 1
    assert stored(sessions) == [(EPOCH, 0)]


async def test_security_findings_of_the_last_day_are_counted_by_arrival(hub: Hub, node: Node) -> None:
    old = [event(1, NOW - 3 * 86400, "security.new_port"), event(2, kind="security.new_port"), event(3)]
    await send(node, [*old, event(4, kind="security.usb_storage")])
    await hub.collector.count_findings()
    found = hub.collector.snapshot(NOW).findings
    assert {(one.site, one.node, one.finding, one.severity, one.count) for one in found} == {
        ("vt", node.node, "new_port", "critical", 2),
        ("vt", node.node, "usb_storage", "critical", 1),
    }
    hub.clock.now = NOW + 2 * 86400
    await hub.collector.count_findings()
    assert hub.collector.snapshot(NOW).findings == ()
