"""The STAMP sender over real sockets: two real ends, and a reflector that drops by pattern."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import sys
import time

import pytest

from agent.probes.kernel_stamps import ask_for_stamps, receive_from
from agent.probes.stamp_socket import StampProbe
from agent.probes.windows import Report, WindowFigures, WindowLosses
from agent.wire.configuration import StampTarget
from tests.agent.hub import Reflector, reflecting

KEY = bytes(range(32))


class Held:
    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.awaiting = "[]"

    async def commit(self, reports: list[Report], awaiting: str) -> None:
        self.reports += reports
        self.awaiting = awaiting


async def measured(reflector: Reflector, packets: int, host: str = "127.0.0.1") -> StampProbe:
    """A probe at 50 packets/s that has seen so many packets come to the reflector."""
    held = Held()
    probe = StampProbe("l1", StampTarget("", reflector.port, 3, KEY.hex(), 50), host, None, held.commit)
    task = asyncio.create_task(probe.run())
    try:
        async with asyncio.timeout(10):
            while reflector.came < packets:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.wait({task})
    return probe


def figures(probe: StampProbe) -> tuple[list[WindowFigures], list[WindowLosses]]:
    """All that was measured, as if ten more seconds had passed."""
    probe.session.close(time.monotonic() + 20)
    reports = []
    while more := probe.session.reports(100):
        reports += more
    return (
        [one for one in reports if isinstance(one, WindowFigures)],
        [one for one in reports if isinstance(one, WindowLosses)],
    )


async def test_loss_by_pattern_is_found_in_both_directions() -> None:
    with reflecting(
        Reflector(KEY, drop_up=lambda count: count % 10 == 4, drop_down=lambda count: count % 10 == 8)
    ) as reflector:
        probe = await measured(reflector, 101)
    said, losses = figures(probe)
    unanswered = len(reflector.up_log) + len(reflector.down_log)
    assert sum(one.sent for one in said) == reflector.came
    assert sum(one.received for one in said) == reflector.came - unanswered
    assert sum(one.losses.up for one in losses) in (len(reflector.up_log), len(reflector.up_log) - 1)
    assert sum(one.losses.down for one in losses) in (len(reflector.down_log), len(reflector.down_log) - 1)
    assert len(reflector.ports) == 1
    assert min(reflector.ports) >= 1024


async def test_round_trips_are_measured_for_every_answer() -> None:
    with reflecting(Reflector(KEY)) as reflector:
        probe = await measured(reflector, 30)
    said, _losses = figures(probe)
    assert sum(len(one.round_trips) for one in said) == sum(one.received for one in said) >= 30
    assert all(seconds > 0 for one in said for seconds in one.round_trips)


async def test_a_host_that_cannot_be_resolved_is_skipped_places_and_no_loss() -> None:
    held = Held()
    probe = StampProbe("l1", StampTarget("", 862, 3, KEY.hex(), 50), "no-such-host.invalid", None, held.commit)
    task = asyncio.create_task(probe.run())
    await asyncio.sleep(0.15)
    task.cancel()
    await asyncio.wait({task})
    said, losses = figures(probe)
    assert sum(one.sent for one in said) == 0
    assert sum(one.skipped for one in said) > 0
    assert all(one.losses.up == 0 for one in losses)


async def test_what_is_open_at_the_end_is_handed_on_as_text() -> None:
    with reflecting(Reflector(KEY, drop_up=lambda _count: True)) as reflector:
        probe = await measured(reflector, 20)
    probe.session.close(time.monotonic() + 20)
    probe.session.reports(100)
    _reports, awaiting = probe.finish()
    runs = json.loads(awaiting)
    assert sum(windows * lost for _start, windows, lost in runs) == reflector.came


@pytest.mark.skipif(sys.platform != "linux", reason="SO_TIMESTAMPNS is Linux's")
def test_the_kernel_stamps_arrivals() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        one.bind(("127.0.0.1", 0))
        ask_for_stamps(one)
        begin = time.time()
        other.sendto(b"x", one.getsockname())
        datagram, sender, stamp = receive_from(one, 100)
    assert (datagram, sender) == (b"x", "127.0.0.1")
    assert stamp is not None
    assert math.isclose(stamp, begin, abs_tol=5)
