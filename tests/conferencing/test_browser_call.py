"""Two real browsers in a meeting through a real worker and hub; what they decode is asked of getStats."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.conferencing.processes import HubProcess, Process, hub_process, mapped_libraries, media_worker, threads_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
]

STATISTICS = """async () => {
  const connection = thongsuot.call.media.connection;
  const found = {frames: 0, energy: 0, sound: 0};
  for (const one of (await connection.getStats()).values()) {
    if (one.type !== "inbound-rtp") continue;
    if (one.kind === "video") found.frames += one.framesDecoded;
    else { found.energy += one.totalAudioEnergy; found.sound += one.packetsReceived; }
  }
  return found;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Process, HubProcess, Browser]]:
    folder = tmp_path_factory.mktemp("browser")
    async with (
        media_worker(folder) as (worker, path),
        hub_process(folder, [path]) as hub,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield worker, hub, browser
        await browser.close()


class Hall:
    """One bridge point: a browser context of its own, with its errors collected."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        # Failed requests are part of what is tested: the hub is away.
        if message.type == "error" and "ERR_" not in message.text and "status of" not in message.text:
            self.errors.append(message.text)

    async def enter(self, name: str) -> None:
        await self.page.wait_for_selector(".lobby__join:not([disabled])")
        await self.page.fill("#name", name)
        await self.page.click(".lobby__join")
        await self.page.wait_for_selector(".hall")

    async def statistics(self) -> dict[str, float]:
        found: dict[str, float] = await self.page.evaluate(STATISTICS)
        return found

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate("thongsuot.call.state")
        return found

    async def more(self, within: float = 12, **wanted: float) -> None:
        """Until the statistics have grown by so much from now."""
        before = await self.statistics()
        async with asyncio.timeout(within):
            while True:
                now = await self.statistics()
                if all(now[name] - before[name] >= amount for name, amount in wanted.items()):
                    return
                await asyncio.sleep(0.1)

    async def until(self, script: str) -> None:
        async with asyncio.timeout(45):
            while not await self.page.evaluate(script):
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def hall(browser: Browser, url: str, **options: Any) -> AsyncIterator[Hall]:
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", **options)
    try:
        page = await context.new_page()
        made = Hall(context, page)
        await page.goto(url)
        yield made
        assert made.errors == []
    finally:
        await context.close()


def meeting(hub: HubProcess) -> str:
    return str(hub.request("/api/v1/meetings", {"title": "Giao ban tháng 3"})[1]["url"])


async def test_two_browsers_see_and_hear_each_other(stage: tuple[Process, HubProcess, Browser]) -> None:
    worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, url) as b:
        await a.enter("Điểm cầu xã Kim Xá")
        await a.page.get_by_text("Đang chờ điểm cầu khác…").wait_for()
        await b.enter("Điểm cầu thị trấn Vĩnh Tường")
        for one in (a, b):
            # The fake microphone beeps once a second.
            await one.more(frames=30, energy=0.01, sound=50)
        assert await a.page.inner_text(".stage .namebar__name") == "Điểm cầu thị trấn Vĩnh Tường"
        assert await b.page.inner_text(".stage .namebar__name") == "Điểm cầu xã Kim Xá"

        await a.page.keyboard.press("m")
        await a.page.get_by_text("MICRO ĐANG TẮT").wait_for()
        await b.page.locator(".stage .namebar__muted").wait_for()
        silent_from = (await b.statistics())["sound"]
        await b.more(frames=20)
        assert (await b.statistics())["sound"] - silent_from <= 5
        await a.page.click("text=Bật micro")
        await b.more(sound=25, energy=0.005)

        # Says that it is muted, and goes on sending: it is the worker that does not forward.
        await a.page.evaluate("thongsuot.call.signaling.send({type: 'switch', role: 'microphone', enabled: false})")
        await b.page.locator(".stage .namebar__muted").wait_for()
        silent_from = (await b.statistics())["sound"]
        await b.more(frames=20)
        assert (await b.statistics())["sound"] - silent_from <= 5

        await a.page.click("text=Tắt camera")
        await b.page.get_by_text("Điểm cầu xã Kim Xá đang tắt camera").wait_for()
        await a.page.click("text=Bật camera")
        await b.more(frames=20)

        await a.page.click("nav >> text=Rời họp")
        await a.page.click("dialog >> text=Rời họp")
        await a.page.get_by_text("Bạn đã rời cuộc họp").wait_for()
        await b.page.get_by_text("Đang chờ điểm cầu khác…").wait_for()
        await a.page.get_by_role("button", name="Vào lại").click()
        await a.enter("Điểm cầu xã Kim Xá")
        await b.more(frames=20, sound=25)
    assert threads_of(worker.pid) == (2 if b"forwards in C" in worker.log.read_bytes() else 1)
    assert "libavcodec" not in mapped_libraries(worker.pid)


async def test_a_screen_is_shown_large_and_its_end_gives_the_stage_back(
    stage: tuple[Process, HubProcess, Browser],
) -> None:
    _worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, url) as b:
        await a.enter("A")
        await b.enter("B")
        await b.more(frames=10)
        await a.page.get_by_role("button", name="Trình chiếu").click()
        await b.page.get_by_text("A đang trình chiếu").wait_for()
        await b.until("document.querySelector('.stage__frame--screen video')?.videoWidth > 0")
        await b.more(frames=15, sound=15)
        await a.page.get_by_role("button", name="Dừng trình chiếu").click()
        await b.page.get_by_text("A đang trình chiếu").wait_for(state="hidden")
        await b.page.locator(".stage .namebar__name").get_by_text("A").wait_for()
        await b.more(frames=15)


WITHOUT_VP8 = """(() => {
  for (const side of [RTCRtpSender, RTCRtpReceiver]) {
    const all = side.getCapabilities.bind(side);
    side.getCapabilities = (kind) => {
      const found = all(kind);
      return {...found, codecs: found.codecs.filter((codec) => codec.mimeType !== "video/VP8")};
    };
  }
})()"""


async def test_h264_is_forwarded_and_who_cannot_decode_a_picture_is_told_so(
    stage: tuple[Process, HubProcess, Browser],
) -> None:
    _worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, "about:blank") as a, hall(browser, url) as b:
        await a.context.add_init_script(WITHOUT_VP8)
        await a.page.goto(url)
        await a.enter("A")
        await b.enter("B")
        await b.more(frames=30, sound=15)
        await a.page.get_by_text("Trình duyệt này không đọc được hình đang phát").wait_for()
        await a.more(sound=15)
        assert (await a.statistics())["frames"] == 0
        # The layers change there as well: from the smallest, which comes first, to the best.
        await b.until("document.querySelector('.stage video').videoHeight >= 480")


async def test_a_reload_comes_back_to_the_same_seat_by_itself(stage: tuple[Process, HubProcess, Browser]) -> None:
    _worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, url) as b:
        await a.enter("A")
        await b.enter("B")
        await b.more(frames=10)
        seat = (await a.state())["seat"]
        await a.page.reload()
        await a.page.wait_for_selector(".hall")
        await a.more(frames=20, sound=25)
        await b.more(frames=20, sound=25)
        assert (await a.state())["seat"] == seat
        assert len((await b.state())["participants"]) == 2
        # Another tab of the same browser is another seat.
        second = await a.context.new_page()
        await second.goto(url)
        await second.wait_for_selector(".lobby__join:not([disabled])")
        await second.click(".lobby__join")
        await b.until("thongsuot.call.state.participants.length === 3")
        assert (await a.state())["phase"] == "in"


async def test_the_call_goes_on_while_the_hub_is_gone(stage: tuple[Process, HubProcess, Browser]) -> None:
    _worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, url) as b:
        await a.enter("A")
        await b.enter("B")
        await b.more(frames=10)
        peers = [await one.page.evaluate("thongsuot.call.peer") for one in (a, b)]
        hub.stop(signal.SIGKILL)
        await a.page.get_by_text("Mất liên lạc với máy chủ, cuộc họp vẫn tiếp tục.").wait_for()
        for one in (a, b):
            await one.more(frames=30, sound=50)
        # Muted while nobody could be told: told when the hub is back.
        await a.page.keyboard.press("m")
        hub.start()
        await hub.ready()
        await b.page.locator(".stage .namebar__muted").wait_for()
        for one in (a, b):
            await one.until("thongsuot.call.state.signalingAttempts === 0 && thongsuot.call.signaling.open")
            await one.more(frames=25)
        assert [await one.page.evaluate("thongsuot.call.peer") for one in (a, b)] == peers


TRANSPORT = """async () => {
  const found = [...(await thongsuot.call.media.connection.getStats()).values()];
  const transport = found.find((one) => one.type === "transport");
  return {cipher: transport.srtpCipher, ufrag: transport.iceLocalUsernameFragment,
    changes: transport.selectedCandidatePairChanges};
}"""


async def test_ice_restarts_without_a_new_connection_and_sound_is_encrypted_with_aes_gcm(
    stage: tuple[Process, HubProcess, Browser],
) -> None:
    _worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, url) as b:
        await a.enter("A")
        await b.enter("B")
        await a.more(frames=10)
        peer, before = await a.page.evaluate("thongsuot.call.peer"), await a.page.evaluate(TRANSPORT)
        assert before["cipher"] == "SRTP_AEAD_AES_128_GCM"
        await a.page.evaluate("thongsuot.call.restart()")
        async with asyncio.timeout(10):
            while (after := await a.page.evaluate(TRANSPORT))["changes"] == before["changes"]:
                await asyncio.sleep(0.1)
        assert after["ufrag"] != before["ufrag"]
        for one in (a, b):
            await one.more(frames=30, sound=50)
        assert await a.page.evaluate("thongsuot.call.peer") == peer
        assert (await a.state())["media"] == "connected"


async def test_without_devices_one_may_join_and_is_told_what_to_do(
    stage: tuple[Process, HubProcess, Browser],
) -> None:
    _worker, hub, browser = stage
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, "about:blank") as b:
        await a.enter("A")
        await b.context.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
        )
        await b.page.goto(url)
        await b.page.get_by_text("Trình duyệt chưa cho dùng camera và micro").wait_for()
        await b.page.get_by_text("English").click()
        await b.page.get_by_text("The browser does not allow the camera and microphone yet").wait_for()
        await b.enter("Chỉ xem")
        await b.more(frames=20, sound=25)
        await a.page.get_by_text("Chỉ xem đang tắt camera").wait_for()
        await b.page.goto(hub.address + "/hop/aaaa-bbbb-cccc")
        await b.page.get_by_text("There is no such meeting").wait_for()
