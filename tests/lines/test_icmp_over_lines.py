"""An office behind its router: ICMP says which part of the way answers, and the path finds the first hop."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import cast

import pytest

from agent.hub_client import HubAddress
from agent.hub_route import Way
from agent.probes import icmp, path
from agent.probes.icmp import EchoProbe
from agent.probes.path import Path, PathCheck, answers, trace
from agent.probes.periodic import Timing
from agent.probes.probe import World
from agent.probes.whereabouts import Whereabouts
from agent.samples import SampleSet
from agent.wire import families
from agent.wire.configuration import LOSS_TIMEOUT_SECONDS, ProbeTarget
from tests.lines.bench import FAR_HUB, FIRST_HOP, GATEWAY, HUB, SECOND_HUB, Bench
from tests.lines.spec import Direction, LineSpec
from tests.lines.truth import echo_stories

TARGETS = ("gateway", "first_hop", "hub")
INTERVAL_SECONDS = 0.1
LONGEST_SECONDS = 20.0


class Asking:
    """The node's ICMP probes, at ten requests a second."""

    def __init__(self, hub: str, targets: tuple[str, ...] = TARGETS) -> None:
        self.sets: list[SampleSet] = []
        address = HubAddress(False, hub, 80, "")
        self.world = World("n1", "", lambda: Way(address, None), Whereabouts(hub), lambda: None)
        interval = cast(int, INTERVAL_SECONDS)
        self.probes = {
            name: EchoProbe(ProbeTarget("icmp", name, "", interval), self.world, self._say) for name in targets
        }

    async def _say(self, sets: list[SampleSet]) -> None:
        self.sets += sets

    async def run(self, script: Callable[[], Awaitable[None]]) -> None:
        tasks = [asyncio.create_task(probe.run()) for probe in self.probes.values()]
        try:
            await script()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for probe in self.probes.values():
            if probe._session is not None:
                # As if five more seconds had passed for all but the newest, then as if the window were over.
                probe._session.close(time.monotonic() + LOSS_TIMEOUT_SECONDS - 0.15)
                probe._session.close(time.monotonic() + 20)
            self.sets += probe.finish()

    async def answered(self, target: str, count: int) -> None:
        def total() -> int:
            session = self.probes[target]._session
            return session.answered if session else 0

        wanted = total() + count
        async with asyncio.timeout(LONGEST_SECONDS):
            while total() < wanted:
                await asyncio.sleep(0.02)

    def said(self, family: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for one in self.sets:
            for sample in one.samples:
                if sample.name == family:
                    found[dict(sample.labels)["target"]] += int(sample.value)
        return found

    @property
    def lost(self) -> Counter[str]:
        found = self.said(families.ICMP_SENT)
        found.subtract(self.said(families.ICMP_RECEIVED))
        return found


def find_path(asking: Asking) -> Awaitable[object]:
    return PathCheck(ProbeTarget("path", "hub"), asking.world)(Timing())


def test_a_cut_line_leaves_the_gateway_answering_and_the_first_hop_not(office: Bench) -> None:
    asking = Asking(FAR_HUB)

    async def script() -> None:
        await find_path(asking)
        await asking.answered("first_hop", 10)
        office.line.cut()
        await asking.answered("gateway", 25)
        office.line.mend()
        await asking.answered("hub", 5)

    office.node.call(lambda: asyncio.run(asking.run(script)))
    assert asking.world.whereabouts.first_hop == FIRST_HOP
    assert asking.lost["gateway"] == 0
    # Of what truly became of the requests that the line carried.
    log = office.line.log()
    for target, address in (("first_hop", FIRST_HOP), ("hub", FAR_HUB)):
        stories = [one for one in echo_stories(log, address) if one.fate != "answered"]
        assert 20 <= asking.lost[target] <= len(stories)
    addresses = {dict(sample.labels)["address"] for one in asking.sets for sample in one.samples}
    assert addresses == {GATEWAY, FIRST_HOP, FAR_HUB}


def test_a_dead_gateway_takes_all_with_it_and_a_dead_hub_only_itself(office: Bench) -> None:
    asking = Asking(FAR_HUB)
    gateway, provider = office.between["gateway"], office.between["provider"]
    counts: list[Counter[str]] = []

    def answered() -> Counter[str]:
        return Counter({name: probe._session.answered for name, probe in asking.probes.items() if probe._session})

    async def script() -> None:
        await find_path(asking)
        await asking.answered("first_hop", 5)
        provider.ip("link", "set", "core0", "down")
        await asyncio.sleep(0.2)
        counts.append(answered())
        await asking.answered("first_hop", 10)
        counts.append(answered())
        gateway.ip("link", "set", "lan0", "down")
        await asyncio.sleep(0.2)
        counts.append(answered())
        await asyncio.sleep(1.0)
        counts.append(answered())

    office.node.call(lambda: asyncio.run(asking.run(script)))
    hub_gone, all_gone = counts[1] - counts[0], counts[3] - counts[2]
    assert hub_gone["hub"] == 0
    assert hub_gone["gateway"] >= 8
    assert hub_gone["first_hop"] >= 10
    assert all_gone == Counter()


def test_the_path_is_traced_hop_by_hop_with_and_without_raw_sockets(office: Bench) -> None:
    traced = office.node.call(lambda: asyncio.run(trace(FAR_HUB)))
    assert traced == Path((GATEWAY, FIRST_HOP, FAR_HUB), reached=True)
    office.node.sysctl("net.ipv4.ping_group_range", "1 0")
    raw = office.node.call(lambda: asyncio.run(trace(FAR_HUB)))
    assert raw == traced


def test_a_path_that_ends_early_changes_nothing_that_was_known(
    office: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Asking(FAR_HUB)

    async def script() -> None:
        check = PathCheck(ProbeTarget("path", "hub"), asking.world)
        await check(Timing())
        office.line.cut()
        with pytest.raises(Exception, match="the path ends after 1 hops"):
            await check(Timing())

    monkeypatch.setattr(path, "ANSWER_SECONDS", 0.5)
    office.node.call(lambda: asyncio.run(script()))
    assert asking.world.whereabouts.first_hop == FIRST_HOP
    assert not office.node.call(lambda: asyncio.run(answers(FIRST_HOP)))


def test_loss_and_delay_of_icmp_are_the_lines_own(bench: Bench) -> None:
    bench.line.set(LineSpec(up=Direction(0.02, loss=0.2), down=Direction(0.02)))
    asking = Asking(HUB, ("hub",))

    async def script() -> None:
        await asking.answered("hub", 30)

    bench.node.call(lambda: asyncio.run(asking.run(script)))
    stories = echo_stories(bench.line.log(), HUB)
    # The line was in disorder to the end: what was lost in the last moments is said by nobody.
    lost = sum(one.fate == "up" for one in stories)
    assert lost - 2 <= asking.lost["hub"] <= lost
    fastest = min(
        sample.value
        for one in asking.sets
        for sample in one.samples
        if sample.name == families.ICMP_RTT and ("quantile", "0.5") in sample.labels
    )
    assert 0.04 <= fastest < 0.06


def test_echoes_follow_the_hub_to_another_address(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icmp, "LOOK_SECONDS", 0.1)
    asking = Asking(HUB, ("hub",))

    async def script() -> None:
        await asking.answered("hub", 5)
        asking.world.whereabouts.hub_host = SECOND_HUB
        async with asyncio.timeout(LONGEST_SECONDS):
            while asking.probes["hub"]._address != SECOND_HUB:
                await asyncio.sleep(0.02)
        await asking.answered("hub", 5)

    bench.node.call(lambda: asyncio.run(asking.run(script)))
    assert asking.lost["hub"] == 0
    assert {one.destination for one in bench.line.log() if one.direction == "up"} == {HUB, SECOND_HUB}
