"""From remote write to the board: a line is cut, the node keeps sampling, and the hub learns what it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from agent.wire import families
from agent.wire.remote_write import Series, series
from collector.snapshot import LineState
from collector.tables import LineEpisode
from tests.collector.support import NOW, Hub, Node, figures, losses, machine

START = int(NOW)


def minute(number: int, *, cut: bool = False) -> list[Series]:
    found: list[Series] = machine(START + 60 * number + 5)
    for index in range(1, 7):
        end = START + 60 * number + 10 * index
        found += figures("vt-1", end, received=0 if cut else 100)
        found += losses("vt-1", end, up=100 if cut else 0, bursts=int(cut))
        for hop, answered in (("gateway", 10), ("first_hop", 0 if cut else 10)):
            labels, at = [("target", hop), ("address", "10.0.0.1")], end * 1000
            found.append(series(families.ICMP_SENT, labels, at, 10.0))
            found.append(series(families.ICMP_RECEIVED, labels, at, float(answered)))
    return found


def line(hub: Hub) -> LineState:
    (site,) = [site for site in hub.collector.snapshot(hub.clock.now).sites if site.site == "vt"]
    return next(one for one in site.lines if one.line == "vt-1")


async def at(hub: Hub, number: int) -> None:
    """Shortly after the end of that minute."""
    hub.clock.now = START + 60.0 * (number + 1) + 2
    await hub.collector.judge()


@pytest.fixture
async def heard(hub: Hub, node: Node) -> Node:
    for number in range(10):
        hub.clock.now = START + 60.0 * (number + 1)
        assert (await node.write(minute(number))).status_code == 204
    return node


async def test_a_cut_is_silence_at_first_and_the_providers_fault_once_the_node_is_back(
    hub: Hub, heard: Node, sessions: sessionmaker[Session]
) -> None:
    await at(hub, 9)
    assert (line(hub).state, line(hub).cause) == ("good", None)

    await at(hub, 15)
    shown = line(hub)
    assert (shown.state, shown.since, shown.cause) == ("no_data", START + 600.0, "none")
    assert shown.evidence is not None
    assert "im lặng" in shown.evidence["vi"]

    # It kept sampling: the newest comes first, then the backlog.
    for number in (*range(25, 30), *range(10, 25)):
        hub.clock.now = START + 60.0 * 31
        assert (await heard.write(minute(number, cut=number < 25))).status_code == 204
    await at(hub, 30)
    shown = line(hub)
    assert (shown.state, shown.since) == ("good", START + 60.0 * 27)
    with sessions() as session:
        (episode,) = session.scalars(select(LineEpisode))
        assert (episode.began, episode.ended) == (START + 600, START + 60 * 27)
        assert (episode.state, episode.cause) == ("down", "provider")
        assert episode.evidence["vi"] == "Cổng mạng trả lời, chặng đầu nhà mạng không trả lời"
    minutes = await hub.collector.line_history("vt-1", START, START + 3600)
    assert [one.cause for one in minutes].count("provider") == 17
    (outage,) = await hub.collector.line_outages(["vt-1"], START, START + 3600)
    assert outage.cause == "provider"


async def test_a_line_that_is_bad_right_now_is_told_with_since_and_cause(hub: Hub, heard: Node) -> None:
    for number in range(10, 14):
        hub.clock.now = START + 60.0 * (number + 1)
        await heard.write(minute(number, cut=True))
    await at(hub, 13)
    shown = line(hub)
    assert (shown.state, shown.since, shown.cause) == ("down", START + 600.0, "provider")
    counters = hub.collector.snapshot(hub.clock.now)
    assert counters.judging.verdicts > 0
    assert counters.judging.waiting == 0
    assert counters.failures == {}
