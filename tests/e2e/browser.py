"""Chromium with a camera and a microphone that are always there."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-gpu",
]
HALL_PC: ViewportSize = {"width": 1366, "height": 768}
TELEPHONE: ViewportSize = {"width": 390, "height": 844}


@contextlib.contextmanager
def chromium(count: int = 1) -> Iterator[list[Browser]]:
    """`count` browsers of their own, as on as many machines."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed"
    with sync_playwright() as playwright:
        browsers = [playwright.chromium.launch(executable_path=program, args=ARGUMENTS) for _ in range(count)]
        try:
            yield browsers
        finally:
            for browser in browsers:
                browser.close()


INBOUND = """async () => {
  const found = {frames: 0, audio: 0, energy: 0};
  const connection = window.thongsuot?.call?.media.connection;
  if (!connection) return found;
  (await connection.getStats()).forEach((report) => {
    if (report.type !== 'inbound-rtp') return;
    if (report.kind === 'video') found.frames += report.framesDecoded || 0;
    else { found.audio += report.packetsReceived || 0; found.energy += report.totalAudioEnergy || 0; }
  });
  return found;
}"""


def inbound(page: Page) -> dict[str, Any]:
    """Frames decoded, audio packets and audio energy received so far, over all tracks."""
    found: dict[str, Any] = page.evaluate(INBOUND)
    return found
