"""Events: numbered without gaps, sent until the hub has applied them, bounded, dated by the hub's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import life, queue_events
from agent.clock import Moment
from agent.event_delivery import EventDelivery
from agent.hub_client import HubConnection, parse_address
from agent.power import PowerWatch
from agent.queue import Happening, Queue
from agent.samples import Sample
from agent.wire import events as wire
from agent.workers import Worker
from tests.agent.hub import KEY, Hub, free_port, serving

NOW = 1_700_000_000.0


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with Queue(tmp_path / "queue.db") as opened:
        yield opened


def put(queue: Queue, *kinds: str, now: float = NOW) -> None:
    queue.put(b"", 0, now, {}, tuple(Happening(kind, "warning", kind, {"why": kind}) for kind in kinds))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def step(queue: Queue, url: str, times: int = 1) -> Clock:
    clock = Clock()
    worker = Worker("queue")
    delivery = EventDelivery(queue, worker, KEY, lambda: NOW, clock)
    connection = HubConnection(parse_address(url), None)
    for _ in range(times):
        await delivery.step(worker, connection)
        clock.now += 1000
    connection.close()
    return clock


async def test_events_are_numbered_and_forgotten_when_applied(queue: Queue) -> None:
    put(queue, "a.one", "a.two")
    put(queue, "a.three")
    with serving() as hub:
        await step(queue, hub.url)
    assert [(one.sequence, one.kind, one.subject) for _epoch, one in hub.events] == [
        (1, "a.one", "a.one"),
        (2, "a.two", "a.two"),
        (3, "a.three", "a.three"),
    ]
    assert {epoch for epoch, _one in hub.events} == {queue.epoch}
    assert queue.pending_events() == ()
    put(queue, "a.four")
    assert [one.sequence for one in queue.pending_events()] == [4]


async def test_without_the_hub_they_wait_and_nothing_is_applied_twice(queue: Queue, tmp_path: Path) -> None:
    put(queue, "a.one")
    await step(queue, f"http://127.0.0.1:{free_port()}")
    assert len(queue.pending_events()) == 1
    hub = Hub(event_status=lambda _batch: 503)
    with serving(hub):
        await step(queue, hub.url)
        put(queue, "a.two")
        hub.event_status = lambda _batch: 200
        await step(queue, hub.url)
    assert [one.sequence for _epoch, one in hub.events] == [1, 2]


async def test_an_event_that_is_refused_holds_up_no_other_and_leaves_no_gap(queue: Queue) -> None:
    put(queue, "a.one", "a.poison", "a.three", "a.four")

    def refuse(batch: wire.EventBatch) -> int:
        return 400 if any(one.kind == "a.poison" for one in batch.events) else 200

    with serving(Hub(event_status=refuse)) as hub:
        await step(queue, hub.url, times=8)
    assert [one.kind for _epoch, one in hub.events] == ["a.one", "agent.event_refused", "a.three", "a.four"]
    assert [one.sequence for _epoch, one in hub.events] == [1, 2, 3, 4]
    assert queue.status().refused_events == 1


async def test_a_hub_restored_from_a_backup_gets_what_is_left_under_another_epoch(queue: Queue) -> None:
    put(queue, "a.one", "a.two", "a.three")
    with serving() as hub:
        await step(queue, hub.url)
        put(queue, "a.four")
        before = queue.epoch
        del hub.events[1:]
        await step(queue, hub.url, times=3)
    assert queue.epoch != before
    assert [(epoch, one.sequence) for epoch, one in hub.events] == [(before, 1), (queue.epoch, 4)]


def test_a_full_store_takes_no_new_ones_and_counts_them(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_events, "MAX_STORED", 5)
    monkeypatch.setattr(queue_events, "MAX_STORED_INFORMATION", 3)
    for _ in range(4):
        queue.put(b"", 0, NOW, {}, (Happening("a.info", "info"),))
    for _ in range(4):
        queue.put(b"", 0, NOW, {}, (Happening("a.bad", "critical"),))
    assert [one.sequence for one in queue.pending_events()] == [1, 2, 3, 4, 5]
    status = queue.status()
    assert (status.events, dict(status.dropped_events)) == (5, {"info": 1, "critical": 2})


def test_an_event_of_a_wrong_clock_is_dated_anew_when_the_hub_has_said_its_time(queue: Queue) -> None:
    queue.put(b"", 0, Moment(NOW - 86_400 * 365, 100.0, "boot"), {}, (Happening("a.one", "info"),))
    queue.learn_clock("boot", NOW - 100.0)
    assert queue.pending_events()[0].time_ms == NOW * 1000


@settings(deadline=None)
@given(
    st.text(max_size=300),
    st.dictionaries(st.text(max_size=20), st.text(max_size=3000) | st.integers() | st.none(), max_size=12),
)
def test_whatever_is_said_fits_the_wire(subject: str, detail: dict[str, object]) -> None:
    text = queue_events.fitting(detail)
    event = wire.Event(1, 0, "a.one", "info", queue_events.printable(subject), json.loads(text))
    assert wire.parse(wire.encode("0" * 16, [event])).events[0].subject == queue_events.printable(subject)


@pytest.mark.parametrize(
    ("left", "now", "expected"),
    [
        (None, Moment(NOW, 50.0, "b"), {"previous": "none"}),
        ("nonsense", Moment(NOW, 50.0, "b"), {"previous": "unknown"}),
        (life.word(Moment(NOW, 50.0, "b"), ended=True), Moment(NOW, 80.0, "b"),
         {"previous": "clean", "rebooted": False, "silent_seconds": 30.0}),
        (life.word(Moment(NOW, 50.0, "b")), Moment(NOW, 80.0, "b"),
         {"previous": "killed", "rebooted": False, "silent_seconds": 30.0}),
        (life.word(Moment(NOW, 50.0, "b")), Moment(NOW + 600, 8.0, "c"),
         {"previous": "power", "rebooted": True, "silent_seconds": 600.0}),
        (life.word(Moment(NOW, 50.0, "b"), ended=True), Moment(NOW - 600, 8.0, "c"),
         {"previous": "clean", "rebooted": True}),
    ],
)  # fmt: skip
def test_each_start_says_how_the_last_run_ended(left: str | None, now: Moment, expected: dict[str, object]) -> None:
    said = life.started(left, now)
    assert said.kind == "agent.started"
    assert {key: value for key, value in said.detail.items() if key not in ("version", "boot")} == expected
    assert said.detail["boot"] == now.boot


def test_the_loss_of_mains_is_said_once_with_what_is_left_in_the_battery() -> None:
    watch = PowerWatch()

    def look(on: int, low: int, charge: float) -> list[tuple[str, str, dict[str, object]]]:
        label = (("ups", "apc"),)
        samples = [
            Sample("thongsuot_ups_on_battery", on, label),
            Sample("thongsuot_ups_battery_low", low, label),
            Sample("thongsuot_ups_charge_ratio", charge, label),
        ]
        return [(one.kind, one.subject, dict(one.detail)) for one in watch.look(samples)]

    assert look(0, 0, 1.0) == []
    assert look(1, 0, 0.95) == [("power.last_gasp", "apc", {"reason": "mains_lost", "battery_ratio": 0.95})]
    assert look(1, 0, 0.5) == []
    assert look(1, 1, 0.1) == [("power.last_gasp", "apc", {"reason": "battery_low", "battery_ratio": 0.1})]
    assert look(1, 1, 0.1) == []
    assert look(0, 0, 0.1) == [("power.mains_back", "apc", {"battery_ratio": 0.1})]
