"""Workers come and go: where rooms are placed, an overload, a drain before an update, a death in a browser's call."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import async_playwright

from conferencing.workers.load import Load
from conferencing.workers.placement import OVERLOADED, Candidate, OverloadedError, choose
from tests.conferencing.client import client
from tests.conferencing.processes import hub_process, media_worker, wait_for
from tests.conferencing.test_browser_call import ARGUMENTS, CHROMIUM, hall, meeting
from tests.conferencing.test_hub_and_worker import create, page

HERE, AWAY = Candidate(True, 0), Candidate(False, 0)


def test_a_room_goes_to_the_worker_with_the_fewest_peers_and_never_to_the_spare() -> None:
    assert choose([Candidate(True, 9), Candidate(True, 3), HERE]) == 1
    assert choose([Candidate(True, 3, 0.5), Candidate(True, 3, 0.2), HERE]) == 1
    assert choose([AWAY, HERE]) == 1
    assert choose([HERE]) == 0
    assert choose([AWAY, AWAY]) is None
    assert choose([]) is None


def test_no_room_more_is_put_on_what_is_overloaded_or_draining() -> None:
    busy = Candidate(True, 1, OVERLOADED)
    assert choose([busy, Candidate(True, 99, 0.7), HERE]) == 1
    with pytest.raises(OverloadedError):
        choose([busy, busy, HERE])
    with pytest.raises(OverloadedError):
        choose([busy])
    assert choose([Candidate(True, 0, draining=True), Candidate(True, 5), HERE]) == 1
    assert choose([Candidate(True, 0, draining=True), HERE]) == 1


@given(st.lists(st.builds(Candidate, st.booleans(), st.integers(0, 9), st.floats(0, 1), st.booleans()), max_size=5))
def test_whatever_is_chosen_can_take_a_room(workers: list[Candidate]) -> None:
    try:
        index = choose(workers)
    except OverloadedError:
        return
    assert index is None or workers[index].usable


def test_a_moment_of_work_is_no_load_and_lasting_work_is() -> None:
    load = Load()
    load.measured(100.0, 0.0)
    for number in range(1, 5):
        load.measured(100.0 + 0.5 * number, 5.0 * number)
    assert load.share == pytest.approx(0.1, abs=0.01)
    load.measured(102.0 + 5.0, 25.0)
    assert load.share < OVERLOADED
    for number in range(2, 5):
        load.measured(102.0 + 5.0 * number, 20.0 + 5.0 * number)
    assert load.share > OVERLOADED


async def test_a_drained_worker_hands_its_meetings_on_and_takes_no_more(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path, "media-0") as (first, first_path),
        media_worker(tmp_path, "media-1") as (_second, second_path),
        hub_process(tmp_path, [first_path, second_path]) as hub,
    ):
        await wait_for(lambda: hub.request("/snapshot")[1]["workers"] == [True, True], "both workers")
        code = create(hub)
        async with page(hub, code) as a, client("again") as fresh, page(hub, create(hub)) as later:
            joined = await a.join("A")
            port = a.peer.remote[1]
            assert first.child is not None
            first.child.send_signal(signal.SIGUSR1)
            assert (await a.expect("rejoin"))["reason"] == "drained"
            a.peer = fresh
            again = await a.join("A", token=joined["token"])
            assert (again["seat"], fresh.remote[1] != port) == (joined["seat"], True)
            await later.join("Họp khác")
            assert later.peer.remote[1] == fresh.remote[1]
            # A restarted hub is told of it by the worker.
            hub.stop()
            hub.start()
            await hub.ready()
            await wait_for(lambda: hub.request("/snapshot")[1]["workers"] == [True, True], "both workers")
            async with page(hub, create(hub)) as last:
                await last.join("Họp nữa")
                assert last.peer.remote[1] == fresh.remote[1]


async def test_without_another_worker_a_drain_moves_nothing(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path) as (only, path),
        hub_process(tmp_path, [path]) as hub,
        client("b") as other,
        page(hub, create(hub)) as a,
    ):
        await a.join("A")
        assert only.child is not None
        only.child.send_signal(signal.SIGUSR1)
        await wait_for(lambda: "stays on the draining worker" in hub.log.read_text(), "the hub says so")
        await a.peer.check()
        async with page(hub, create(hub), other) as late:
            offer, roles = other.offer()
            await late.say(type="join", name="x", offer=offer, roles=roles, microphone=True, camera=True, token=None)
            assert (await late.expect("error"))["code"] == "no_worker"


@pytest.mark.e2e
async def test_browsers_are_back_in_their_seats_without_a_click_when_a_worker_is_killed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with (
        media_worker(tmp_path, "media-0") as (first, first_path),
        media_worker(tmp_path, "media-1") as (_spare, spare_path),
        hub_process(tmp_path, [first_path, spare_path]) as hub,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        url = meeting(hub)
        async with hall(browser, url) as a, hall(browser, url) as b:
            await a.enter("A")
            await b.enter("B")
            for one in (a, b):
                await one.more(frames=15, sound=25)
            seats = [(await one.state())["seat"] for one in (a, b)]
            peers = [await one.page.evaluate("thongsuot.call.peer") for one in (a, b)]
            first.stop(signal.SIGKILL)
            killed = time.monotonic()
            for one, peer in zip((a, b), peers, strict=True):
                await one.until(f"thongsuot.call.peer !== null && thongsuot.call.peer !== {peer!r}")
            # New connections count from 0.
            async with asyncio.timeout(15):
                while min([(await one.statistics())["frames"] for one in (a, b)]) < 1:
                    await asyncio.sleep(0.05)
            record_property("seconds until both see a picture again", round(time.monotonic() - killed, 2))
            for one in (a, b):
                await one.more(frames=15, sound=25)
            assert [(await one.state())["seat"] for one in (a, b)] == seats
        await browser.close()
