"""Two browsers, one of them behind an emulated line that is bad in every way: what it hears and sees, by getStats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.conferencing.lines import LineBench, Watched, line_bench, streams, watch
from tests.conferencing.test_browser_call import Hall, hall, meeting
from tests.lines.namespaces import CannotEmulateError, require
from tests.lines.spec import Bursts, Direction, LineSpec

pytestmark = [pytest.mark.e2e, pytest.mark.soak, pytest.mark.asyncio(loop_scope="module")]

GOOD = Direction(delay=0.02)
NOTICE = "Đường truyền yếu – đã giảm hình, giữ tiếng"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LineBench]:
    try:
        require()
    except CannotEmulateError as error:
        pytest.skip(str(error))
    async with line_bench(tmp_path_factory.mktemp("lines")) as made:
        yield made


def down(bench: LineBench, direction: Direction) -> None:
    bench.line.set(LineSpec(GOOD, direction))


async def until_height(far: Hall, lowest: int, highest: int, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not lowest <= (await streams(far)).get("stage", {}).get("frameHeight", 0) <= highest:
            await asyncio.sleep(0.2)


async def weather(bench: LineBench, far: Hall, direction: Direction, seconds: float) -> Watched:
    down(bench, direction)
    return await watch(far, seconds)


@pytest.mark.soak
async def test_the_sound_stays_and_the_picture_follows_the_line(bench: LineBench) -> None:
    down(bench, GOOD)
    url = meeting(bench.hub)
    async with hall(bench.near, url) as near, hall(bench.far, url) as far:
        await near.enter("Điểm cầu huyện")
        await far.enter("Điểm cầu xã")
        await until_height(far, 720, 720, 20)

        for loss, concealed in ((0.02, 0.1), (0.05, 0.15), (0.15, 0.3)):
            seen = await weather(bench, far, replace(GOOD, loss=loss), 2.5)
            assert seen.concealed < concealed, seen
            # A change of layers may fall into it, and on a busy machine its key frame takes a while.
            assert seen.frames > 3 and seen.freezes < 2, seen
        seen = await weather(bench, far, replace(GOOD, bursts=Bursts(0.005, 0.2)), 2.5)
        assert seen.concealed < 0.3 and seen.frames > 10, seen

        down(bench, replace(GOOD, rate=300_000))
        await until_height(far, 1, 180, 12)
        await far.page.get_by_text(NOTICE).wait_for(timeout=10_000)
        seen = await watch(far, 3)
        assert seen.concealed < 0.1 and seen.frames > 20 and seen.height <= 180, seen
        # What nobody sees any more is not sent either.
        async with asyncio.timeout(10):
            while (await streams(near)).get("sent h", {}).get("active"):
                await asyncio.sleep(0.2)

        down(bench, GOOD)
        await until_height(far, 720, 720, 60)
        await far.page.get_by_text(NOTICE).wait_for(state="hidden", timeout=10_000)

        await weather(bench, far, replace(GOOD, cut=True), 1)
        down(bench, GOOD)
        await far.more(frames=20, sound=15)

        found = await streams(far)
        assert found["stage"]["pliCount"] <= 6
        sent = await streams(near)
        assert sum(one.get("pliCount", 0) for name, one in sent.items() if name.startswith("sent")) <= 30


async def test_after_half_a_minute_without_a_line_the_call_is_there_again(bench: LineBench) -> None:
    down(bench, GOOD)
    url = meeting(bench.hub)
    async with hall(bench.near, url) as near, hall(bench.far, url) as far:
        await near.enter("Điểm cầu huyện")
        await far.enter("Điểm cầu xã")
        await far.more(frames=10)
        bench.line.set(LineSpec(replace(GOOD, cut=True), replace(GOOD, cut=True)))
        await asyncio.sleep(30)
        bench.line.set(LineSpec(GOOD, GOOD))
        async with asyncio.timeout(20):
            while (await far.state())["media"] != "connected":
                await asyncio.sleep(0.2)
        for one in (near, far):
            await one.more(frames=10, sound=15)
