"""Real browsers in a recorded meeting: the mark on every page, the page that begins and ends it, the files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.conferencing.processes import hub_process, media_worker, wait_for
from tests.conferencing.recording.test_recorder import decoded, recorder
from tests.conferencing.test_browser_call import ARGUMENTS, CHROMIUM, hall, meeting

pytestmark = pytest.mark.e2e

SCREENSHOTS = os.environ.get("SCREENSHOTS")


async def test_everybody_sees_that_it_is_recorded_and_the_files_play(tmp_path: Path) -> None:
    async with (
        recorder(tmp_path) as (_process, socket, root),
        media_worker(tmp_path) as (_worker, path),
        hub_process(tmp_path, [path], options=("--recorder", str(socket), str(root))) as hub,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        url = meeting(hub)
        async with hall(browser, url) as a, hall(browser, url) as b:
            await a.enter("Điểm cầu xã Kim Xá")
            await b.enter("Điểm cầu thị trấn Vĩnh Tường")
            await b.more(frames=10)
            await b.context.add_cookies([{"name": "user", "value": "thu-ky", "url": hub.address}])
            page = await b.context.new_page()
            await page.goto(f"{url}/ban-ghi")
            await page.get_by_role("button", name="Bắt đầu ghi").click()
            for one in (a, b):
                await one.page.get_by_text("ĐANG GHI").wait_for()
            await a.page.get_by_text("Cuộc họp đang được ghi hình và ghi tiếng.").wait_for()
            if SCREENSHOTS:
                await a.page.screenshot(path=f"{SCREENSHOTS}/dang-ghi.png")
            await b.page.bring_to_front()
            await b.more(frames=60, sound=50)
            # A page that is loaded again, and one that comes later, see it too.
            await a.page.reload()
            await a.page.get_by_text("ĐANG GHI").wait_for()
            await page.get_by_role("button", name="Dừng ghi").click()
            for one in (a, b):
                await one.page.get_by_text("ĐANG GHI").wait_for(state="detached")
            await page.get_by_role("button", name="Ghép thành một video").wait_for()
            for name, width, height in (("may-ban", 1366, 768), ("dien-thoai", 390, 844)):
                await page.set_viewport_size({"width": width, "height": height})
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                if SCREENSHOTS:
                    await page.screenshot(path=f"{SCREENSHOTS}/ban-ghi-{name}.png", full_page=True)
        (log,) = root.glob("*/log.jsonl")
        await wait_for(lambda: '"closed"' in log.read_text("utf-8"), "the files")
        cameras, microphones = list(log.parent.glob("*-camera.*")), list(log.parent.glob("*-microphone.*"))
        assert len(cameras) >= 2 and len(microphones) >= 2
        assert max(decoded(one, "video") for one in cameras) >= 40
        assert max(decoded(one, "audio") for one in microphones) >= 50
        await browser.close()
