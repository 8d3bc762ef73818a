from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from agent.wire import families
from agent.wire.remote_write import Series, series
from collector import directory
from collector.ingest.watch import EchoWatch, PowerWatch, watch
from collector.quality.evidence import evidence_of, seal_old_evidence, write_evidence
from collector.tables import EvidenceMinute, LineWork, SpeedTest, metadata
from collector.tables import Node as NodeRow
from tests.collector.conftest import open_engine
from tests.collector.support import IDENTITY, NOW, Hub, Node

MINUTE = int(NOW)
Sample = tuple[EchoWatch | PowerWatch, int, float]


def echoes(end: float, target: str = "gateway", sent: int = 10, received: int = 10) -> list[Series]:
    own, at = [("target", target), ("address", "192.168.1.1")], round(end * 1000)
    found = [series(families.ICMP_SENT, own, at, sent), series(families.ICMP_RECEIVED, own, at, received)]
    if received:
        found += [
            series(families.ICMP_RTT, [*own, ("quantile", one)], at, 0.002) for one in ("0", "0.5", "0.95", "1")
        ]
    return found


async def test_echoes_power_and_the_routers_word_become_a_minute_of_evidence(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    wan = series("thongsuot_interface_oper_status", [("device", "r"), ("interface", "pppoe"), ("role", "wan")],
                 MINUTE * 1000 + 30_000, 2.0)  # fmt: skip
    lan = series("thongsuot_interface_oper_status", [("device", "r"), ("interface", "lan")], MINUTE * 1000, 2.0)
    ups = series("thongsuot_ups_on_battery", [("ups", "u")], MINUTE * 1000 + 5_000, 1.0)
    hub.clock.now = NOW + 60
    many = [one for n in range(1, 7) for one in echoes(MINUTE + 10 * n)]
    many += echoes(MINUTE + 10, "first_hop", received=0) + echoes(MINUTE + 10, "zalo.vn")
    assert (await node.write([*many, wan, lan, ups])).status_code == 204
    assert (await node.write(many)).status_code == 204
    with sessions() as session:
        (row,) = session.scalars(select(EvidenceMinute))
        assert (row.gateway_mask, row.gateway_sent, row.gateway_received) == (63, 60, 60)
        assert row.gateway_rtt_p50 == pytest.approx(0.002)
        assert (row.first_hop_mask, row.first_hop_sent, row.first_hop_received) == (1, 10, 0)
        assert (row.hub_mask, row.on_battery, row.wan_up) == (0, True, False)
        assert row.open_windows is not None
        assert set(row.open_windows) == {"first_hop"}


async def test_what_a_node_says_of_itself_is_work_for_the_lines_it_measures(
    hub: Hub, node: Node, sessions: sessionmaker[Session]
) -> None:
    await node.write(echoes(MINUTE - 10))
    with sessions() as session:
        found = [(row.since, row.until) for row in session.scalars(select(LineWork))]
        assert found == 2 * [(MINUTE - 60, MINUTE - 60)]


async def test_a_speed_test_is_kept_once(hub: Hub, node: Node, sessions: sessionmaker[Session]) -> None:
    def tested(direction: str, ratio: float) -> Series:
        return series(families.THROUGHPUT_RATIO, [("line", "vt-1"), ("direction", direction)], MINUTE * 1000, ratio)

    for _ in range(2):
        assert (await node.write([tested("down", 0.91), tested("up", -1.0)])).status_code == 204
    with sessions() as session:
        found = [(row.direction, row.at_ms, row.ratio) for row in session.scalars(select(SpeedTest))]
        assert found == [("down", MINUTE * 1000, 0.91)]


def test_other_targets_and_other_interfaces_are_no_evidence() -> None:
    assert watch({"__name__": families.ICMP_SENT, "target": "zalo.vn"}, IDENTITY) is None
    assert watch({"__name__": "thongsuot_interface_oper_status", "role": "lan"}, IDENTITY) is None
    assert watch({"__name__": families.ICMP_RTT, "target": "hub", "quantile": "0.9"}, IDENTITY) is None


@st.composite
def pieces(draw: st.DrawFn) -> tuple[list[Sample], list[list[Sample]]]:
    """Samples of some windows and instants, and the same in any order, repeated, in any number of requests."""
    said: list[Sample] = []
    for hop in draw(st.lists(st.sampled_from(("gateway", "first_hop", "hub")), unique=True, min_size=1)):
        for index in draw(st.lists(st.integers(1, 8), unique=True, min_size=1)):
            end_ms = (MINUTE + 10 * index) * 1000
            received = draw(st.integers(0, 10))
            said += [(EchoWatch(hop, "sent"), end_ms, 10), (EchoWatch(hop, "received"), end_ms, received)]
    for reading in ("on_battery", "wan_up"):
        said += [
            (PowerWatch(reading), MINUTE * 1000 + n, draw(st.integers(0, 1)))
            for n in draw(st.sets(st.integers(0, 9)))
        ]
    shuffled = draw(st.permutations([*said, *draw(st.lists(st.sampled_from(said), max_size=20))]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    return said, [list(shuffled[a:b]) for a, b in pairwise([0, *cuts, len(shuffled)])]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces())
def test_order_repetition_and_splitting_leave_no_trace(
    tmp_path_factory: pytest.TempPathFactory, given_pieces: tuple[list[Sample], list[list[Sample]]]
) -> None:
    at_once, requests = given_pieces
    results = []
    for parts in ([at_once], requests):
        engine = open_engine(tmp_path_factory.mktemp("db") / "hub.db")
        metadata.create_all(engine)
        with sessionmaker(engine).begin() as session:
            add_node(session)
            for part in parts:
                write_evidence(session, [evidence_of("n-1", part)])
                session.flush()
            names = [column.name for column in EvidenceMinute.__table__.columns]
            rows = session.scalars(select(EvidenceMinute).order_by(EvidenceMinute.minute))
            results.append([{name: getattr(row, name) for name in names} for row in rows])
        engine.dispose()
    assert results[0] == results[1]


def add_node(session: Session) -> None:
    site = directory.ensure_site(session, "vt", "Vĩnh Tường")
    session.flush()
    session.add(
        NodeRow(id="n-1", site_id=site.id, hostname="pc", platform="", version="", key_sha256="aa", enrolled_at=1.0)
    )
    session.flush()


def test_minutes_too_old_to_change_let_their_windows_go(session: Session) -> None:
    add_node(session)
    sample: list[Sample] = [(EchoWatch("hub", "sent"), MINUTE * 1000 + 10_000, 5)]
    write_evidence(session, [evidence_of("n-1", sample)])
    session.flush()
    assert seal_old_evidence(session, MINUTE + 20 * 86400) == 1
