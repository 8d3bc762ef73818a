from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from agent.wire import families, remote_write
from agent.wire.remote_write import Series, series, varint
from collector import directory
from collector.collector import Collector, CollectorSettings
from collector.ingest.decode import MAX_BODY_BYTES, MAX_DECOMPRESSED_BYTES
from collector.tables import LineMinute
from collector.tables import Node as NodeRow
from tests.collector.support import NOW, Hub, KeepingSink, Node, body, figures, losses, machine, raw_series

NOW_MS = round(NOW * 1000)


@asynccontextmanager
async def serving(collector: Collector) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    app.include_router(collector.router)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://hub") as client:
        yield client


def up(at_ms: int = NOW_MS, value: float = 1.0) -> Series:
    return series("up", [], at_ms, value)


async def test_good_samples_are_kept_and_acknowledged(hub: Hub, node: Node) -> None:
    answer = await node.write([up(), up(NOW_MS - 15_000)])
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-thongsuot-time"] == f"{NOW:.3f}"
    labels = {"node": node.node, "site": "vt"}
    assert hub.sink.samples() == [("up", labels, NOW_MS, 1.0), ("up", labels, NOW_MS - 15_000, 1.0)]


async def test_an_empty_request_is_good(hub: Hub, node: Node) -> None:
    assert (await node.write([])).status_code == 204
    assert hub.sink.payloads == []


async def test_the_good_remainder_of_a_bad_request_is_kept(hub: Hub, node: Node) -> None:
    foreign = series(families.LINE_SENT, [("line", "tt-1")], NOW_MS, 100.0)
    ahead = up(NOW_MS + 86_400_000)
    duplicate = raw_series([("__name__", "x"), ("a", "1"), ("a", "2")], NOW_MS)
    content = remote_write.compress(remote_write.encode([up(), foreign, ahead]) + duplicate)
    answer = await node.write(content)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["refused"] == {"duplicate_label": 1, "foreign_line": 1, "too_far_ahead": 1}
    assert document["kept"] == 1
    assert "foreign_line: 1" in document["detail"]
    assert [name for name, *_ in hub.sink.samples()] == ["up"]
    counters = hub.collector.snapshot(NOW).ingest
    assert counters.requests == {400: 1}
    assert counters.refused_samples == document["refused"]
    assert (counters.samples, counters.bytes) == (1, len(content))


BOMB = varint(MAX_DECOMPRESSED_BYTES + 1) + b"\xfe\x00\x00" * 100


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 415),
        (b"not snappy at all", {}, 415),
        (body([up()])[:-3], {}, 415),
        (remote_write.compress(b"\xff\xff\xff"), {}, 422),
        (remote_write.compress(remote_write.encode([up()])[:-2]), {}, 422),
        (BOMB, {}, 413),
        (bytes(MAX_BODY_BYTES + 1), {}, 413),
        (body([up()]), {"Content-Encoding": None}, 415),
        (body([up()]), {"Content-Encoding": "gzip"}, 415),
        (body([up()]), {"Content-Type": "application/json"}, 415),
        (body([up()]), {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}, 415),
        (body([up()]), {"Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest"}, 204),
    ],
)
async def test_bad_bodies_get_their_status_and_harm_nobody(
    hub: Hub, node: Node, content: bytes, headers: dict[str, str | None], status: int
) -> None:
    answer = await node.write(content, headers)
    assert answer.status_code == status
    if status != 204:
        assert answer.json()["status"] == status
        assert hub.sink.payloads == []
    assert (await node.write([up()])).status_code == 204


async def test_a_body_without_a_length_is_stopped_when_it_is_too_much(hub: Hub, node: Node) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 100 * MAX_BODY_BYTES:
            read += 65_536
            yield bytes(65_536)

    headers = {**remote_write.headers("test"), "Authorization": f"Bearer {node.key}"}
    answer = await hub.client.post("/api/v1/write", content=endless(), headers=headers)
    assert answer.status_code == 413


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200), offset=st.floats())
async def test_no_body_and_no_clock_is_an_error_of_the_hub(
    hub: Hub, node: Node, content: bytes, offset: float
) -> None:
    hub.clock.now += 1
    wrapped = remote_write.compress(content)
    for one in (content, wrapped):
        answer = await node.write(one, {"X-Thongsuot-Time": str(offset)})
        assert answer.status_code in (204, 400, 413, 415, 422)


@pytest.mark.parametrize("days", [1, -1])
async def test_a_clock_a_day_off_is_corrected_and_a_replay_gets_the_same_times(
    hub: Hub, node: Node, days: int
) -> None:
    node.offset = days * 86_400.0
    content = body([up(NOW_MS + days * 86_400_000)])
    assert (await node.write(content)).status_code == 204
    for wander in (1.4, -1.9, 0.3):
        # The delay on the way makes every measurement a little different.
        node.offset = days * 86_400 + wander
        hub.clock.now += 10
        assert (await node.write(content)).status_code == 204
    assert len(set(hub.sink.payloads)) == 1
    assert hub.sink.samples()[0][2] == NOW_MS


async def test_the_offset_outlives_the_hub(
    hub: Hub, node: Node, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    node.offset = 86_400.0
    content = body([up(NOW_MS + 86_400_000)])
    await node.write(content)
    with sessions() as session:
        assert session.scalars(select(NodeRow.clock_offset_ms)).one() == 86_400_000
    second = Collector(sessions, sink := KeepingSink(), CollectorSettings(tmp_path / "run2"), hub.clock)
    async with serving(second) as client:
        assert (await replace(node, client=client, offset=86_401.5).write(content)).status_code == 204
    assert sink.payloads == hub.sink.payloads
    assert second.snapshot(NOW).sites[1].nodes[0].clock_offset_seconds == 86_400


async def test_without_the_header_nothing_is_corrected(hub: Hub, node: Node) -> None:
    answer = await node.write([up(), up(NOW_MS + 86_400_000)], {"X-Thongsuot-Time": None})
    assert answer.status_code == 400
    assert [at for _, _, at, _ in hub.sink.samples()] == [NOW_MS]


async def test_a_full_disk_is_said_and_nothing_is_counted_as_kept(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    hub.sink.full = True
    answer = await node.write(figures("vt-1", NOW))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    with sessions() as session:
        assert session.scalars(select(LineMinute)).all() == []
    assert hub.collector.snapshot(NOW).ingest.samples == 0


async def test_a_database_that_fails_is_said_and_the_node_keeps_its_samples(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE line_minutes RENAME TO gone"))
    answer = await node.write(figures("vt-1", NOW))
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE gone RENAME TO line_minutes"))
    assert (await node.write(figures("vt-1", NOW))).status_code == 204


async def test_the_minutes_are_committed_before_the_answer(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    for end in range(10, 70, 10):
        assert (await node.write(figures("vt-1", NOW + end - 60, received=99))).status_code == 204
        assert (await node.write(losses("vt-1", NOW + end - 60, down=1, bursts=1))).status_code == 204
    with sessions() as session:
        (row,) = session.scalars(select(LineMinute))
    assert (row.minute, row.sent, row.lost_down, row.lost_unknown) == (int(NOW) - 60, 600, 6, 0)
    assert row.open_windows is None


async def test_requests_at_once_do_not_lose_each_others_windows(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    hub.clock.now = NOW + 3600
    writes = [figures("vt-1", NOW + 10 * n) for n in range(1, 61)]
    for start in range(0, len(writes), 4):
        answers = await asyncio.gather(*(node.write(one) for one in writes[start : start + 4]))
        assert [answer.status_code for answer in answers] == [204] * 4
    with sessions() as session:
        assert [row.windows_mask for row in session.scalars(select(LineMinute))] == [63] * 10


async def test_a_node_that_sends_too_many_samples_waits(
    hub: Hub, node: Node, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    slow = CollectorSettings(tmp_path / "run2", samples_per_second=100)
    many = body([up(NOW_MS - n) for n in range(600)])
    async with serving(Collector(sessions, KeepingSink(), slow, hub.clock)) as client:
        node = replace(node, client=client)
        answers = [await node.write(many) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [204, 204, 429]
        hub.clock.now += int(answers[-1].headers["retry-after"])
        assert (await node.write([up()])).status_code == 204


async def test_a_node_that_sends_too_many_requests_waits(hub: Hub, node: Node) -> None:
    answers = [await node.write([]) for _ in range(101)]
    assert [answer.status_code for answer in answers[-2:]] == [204, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_an_agent_of_a_newer_version_works(hub: Hub, node: Node) -> None:
    later = [*machine(NOW), series("thongsuot_quantum_flux", [("flavour", "strange")], NOW_MS, 3.0)]
    assert (await node.write(later, {"X-Thongsuot-Later": "yes"})).status_code == 204
    assert hub.sink.values("thongsuot_quantum_flux") == [3.0]


async def test_a_stale_marker_goes_on_as_it_came(hub: Hub, node: Node) -> None:
    stale = struct.unpack("<d", struct.pack("<Q", 0x7FF0_0000_0000_0002))[0]
    assert (await node.write([up(value=stale)])).status_code == 204
    assert struct.pack("<Q", 0x7FF0_0000_0000_0002) in hub.sink.payloads[0]


async def test_the_board_is_current_while_the_backlog_drains(hub: Hub, node: Node) -> None:
    await node.write([*machine(NOW - 15, busy=100, idle=900, received=1000), *figures("vt-1", NOW - 10)])
    await node.write(
        [*machine(NOW, busy=103, idle=912, received=16_000), *figures("vt-1", NOW), *losses("vt-1", NOW)]
    )
    for back in range(3600, 0, -600):
        backlog = [*machine(NOW - back, busy=1, idle=1, received=5), *figures("vt-1", NOW - back, received=0)]
        assert (await node.write(backlog)).status_code == 204
    site = next(site for site in hub.collector.snapshot(NOW + 5).sites if site.site == "vt")
    (state,) = site.nodes
    assert (state.state, state.age_seconds, state.readings_age_seconds) == ("good", 5, 5)
    assert state.cpu_busy_ratio == pytest.approx(0.2)
    assert state.networks[0].receive_bytes_per_second == pytest.approx(1000)
    assert state.swap_available_bytes == 3e9
    assert state.filesystems[0].used_ratio == pytest.approx(0.75)
    assert state.uptime_seconds == pytest.approx(3605)
    line, other = site.lines
    assert (line.line, line.state, line.sent, line.received) == ("vt-1", "good", 200, 200)
    assert (line.age_seconds, line.window_end) == (5, NOW)
    assert line.mos == pytest.approx(4.41, abs=0.01)
    assert (other.line, other.state) == ("vt-2", "no_data")


async def test_history_has_gaps_where_nothing_was_said(hub: Hub, node: Node) -> None:
    for minute in (0, 1, 3):
        at = NOW + 60 * minute
        hub.clock.now = at + 30
        await node.write([*machine(at + 15, busy=10 * minute, idle=90 * minute, received=60_000 * minute),
                          *figures("vt-1", at + 10, received=98)])  # fmt: skip
    points = await hub.collector.line_history("vt-1", NOW, NOW + 3600)
    assert [(point.minute - NOW, point.windows, point.loss_ratio) for point in points] == [
        (0, 1, 0.02),
        (60, 1, 0.02),
        (180, 1, 0.02),
    ]
    readings = await hub.collector.node_history(node.node, NOW, NOW + 3600)
    assert [(point.minute - NOW, point.cpu_busy_ratio) for point in readings] == [
        (0, None),
        (60, pytest.approx(0.1)),
        (180, pytest.approx(0.1)),
    ]
    assert readings[1].receive_bytes_per_second == pytest.approx(1000)
    assert await hub.collector.line_history("no-such-line", NOW, NOW + 3600) == []


async def test_when_a_node_was_last_heard_outlives_the_hub(
    tmp_path: Path, sessions: sessionmaker[Session], hub: Hub, node: Node
) -> None:
    await node.write([up()])
    await hub.collector._flush_last_seen()
    second = Collector(sessions, KeepingSink(), CollectorSettings(tmp_path / "run2"), hub.clock)
    await second.refresh()
    site = next(site for site in second.snapshot(NOW + 1000).sites if site.site == "vt")
    assert (site.nodes[0].last_arrival, site.nodes[0].state) == (NOW, "no_data")


async def test_a_node_cannot_write_another_sites_line_even_after_it_could(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    assert (await node.write(figures("vt-2", NOW))).status_code == 204
    with sessions.begin() as session:
        line, site = directory.find_line(session, "vt-2"), directory.find_site(session, "tt")
        assert line is not None
        assert site is not None
        line.site_id, line.measured_by = site.id, None
    await hub.collector.refresh()
    answer = await node.write(figures("vt-2", NOW + 10))
    assert set(answer.json()["refused"]) == {"foreign_line"}


async def test_one_slow_request_makes_no_clock_wrong_but_a_clock_that_is_behind_is_believed(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    content = body([up()])
    for seconds_late, held in ((0, 0), (5, 0), (0, 0), (5, 0), (5, 0), (5, -5000)):
        node.offset = -float(seconds_late)
        assert (await node.write(content)).status_code == 204
        with sessions() as session:
            assert session.scalars(select(NodeRow.clock_offset_ms)).one() == held
