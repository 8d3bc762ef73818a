"""The technicians' page over a real call: what the browsers measure arrives, and the page shows it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.conferencing.processes import hub_process, media_worker
from tests.conferencing.test_browser_call import ARGUMENTS, CHROMIUM, hall, meeting

pytestmark = pytest.mark.e2e

SCREENSHOTS = os.environ.get("SCREENSHOTS")


async def test_the_page_shows_what_a_browser_sees_and_hears(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path) as (_worker, path),
        hub_process(tmp_path, [path]) as hub,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        url = meeting(hub)
        async with hall(browser, url) as a, hall(browser, url) as b:
            await a.enter("Điểm cầu xã Kim Xá")
            await b.enter("Điểm cầu thị trấn Vĩnh Tường")
            await b.more(frames=10)
            await b.context.add_cookies([{"name": "user", "value": "ky-thuat", "url": hub.address}])
            page = await b.context.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            guest = await a.context.new_page()
            await guest.goto(f"{url}/do-luong")
            await guest.get_by_text("Hãy đăng nhập bằng tài khoản kỹ thuật").wait_for()
            await page.goto(f"{url}/do-luong")
            row = page.locator("details", has=page.locator(".measure__name", has_text="Điểm cầu xã Kim Xá"))
            await row.locator("summary").click()
            # Two reports of the page, 5 s each, make frames per second.
            await row.get_by_text("Hình chính").wait_for()
            stage = row.locator("tr", has_text="Hình chính")
            async with asyncio.timeout(20):
                while "0p" not in await stage.inner_text():
                    await asyncio.sleep(0.3)
            assert "Điểm cầu thị trấn Vĩnh Tường" in await stage.inner_text()
            assert "kbit/s" in await stage.inner_text()
            for name, width, height in (("may-ban", 1366, 768), ("dien-thoai", 390, 844)):
                await page.set_viewport_size({"width": width, "height": height})
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                if SCREENSHOTS:
                    await page.screenshot(path=f"{SCREENSHOTS}/do-luong-{name}.png", full_page=True)
            assert errors == []
        await browser.close()
