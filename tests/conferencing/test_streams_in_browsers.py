"""FFmpeg's own WHIP muxer sends into a meeting; a page of the meeting and our player receive it."""

from __future__ import annotations

import array
import asyncio
import contextlib
import math
import threading
import time
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
import pytest_asyncio
from aiortc.rtcdtlstransport import RTCCertificate
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.async_api import Browser, Page, async_playwright

from tests.conferencing.processes import HubProcess, hub_process, media_worker
from tests.conferencing.test_browser_call import ARGUMENTS, CHROMIUM, hall, meeting

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

RATE, FRAME, FPS = 48000, 960, 15

WATCHED = """async () => {
  const found = {frames: 0, energy: 0, sound: 0};
  for (const one of (await thongsuot.watching.connection?.getStats() ?? new Map()).values()) {
    if (one.type !== "inbound-rtp") continue;
    if (one.kind === "video") found.frames += one.framesDecoded;
    else { found.energy += one.totalAudioEnergy; found.sound += one.packetsReceived; }
  }
  return found;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[HubProcess, Browser]]:
    folder = tmp_path_factory.mktemp("streams")
    async with (
        media_worker(folder) as (_worker, path),
        hub_process(folder, [path]) as hub,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield hub, browser
        await browser.close()


@contextlib.contextmanager
def ffmpeg(folder: Path, url: str, token: str, **options: str) -> Iterator[list[str]]:
    """A tone and a moving picture by PyAV's muxer `whip`, in real time, until the context ends. Yields its errors."""
    # Built with GnuTLS it makes a certificate on P-224, which OpenSSL has no more.
    made = RTCCertificate.generateCertificate()
    options |= {"authorization": token, "cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}
    (folder / "cert.pem").write_bytes(made._cert.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(made._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    over = threading.Event()
    errors: list[str] = []

    def run() -> None:
        try:
            with av.open(url, "w", format="whip", options=options) as output:
                _send(output, over)
        except (av.FFmpegError, OSError) as error:
            errors.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=run, name="ffmpeg")
    thread.start()
    try:
        yield errors
    finally:
        over.set()
        thread.join(20)


def _send(output: Any, over: threading.Event) -> None:
    sound = output.add_stream("libopus", rate=RATE, layout="stereo")
    picture = output.add_stream("libx264", rate=FPS)
    picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
    picture.options = {"profile": "baseline", "preset": "ultrafast", "tune": "zerolatency", "g": str(FPS), "bf": "0"}
    began = time.monotonic()
    samples = frames = 0
    while not over.is_set():
        elapsed = time.monotonic() - began
        if samples / RATE <= elapsed:
            tone = av.AudioFrame("s16", "stereo", FRAME)
            wave = (int(9000 * math.sin((samples + n) * 2 * math.pi * 440 / RATE)) for n in range(FRAME))
            tone.planes[0].update(array.array("h", (value for one in wave for value in (one, one))).tobytes())
            tone.sample_rate, tone.pts, tone.time_base = RATE, samples, Fraction(1, RATE)
            samples += FRAME
            output.mux(sound.encode(tone))
        elif frames / FPS <= elapsed:
            shown = av.VideoFrame(320, 180, "yuv420p")
            for plane in shown.planes:
                plane.update(bytes([frames * 8 % 256]) * plane.buffer_size)
            shown.pts, shown.time_base = frames, Fraction(1, FPS)
            frames += 1
            output.mux(picture.encode(shown))
        else:
            over.wait(0.005)


async def watched(page: Page, errors: list[str], **wanted: float) -> None:
    found: dict[str, float] = {}
    try:
        async with asyncio.timeout(15):
            while not found or any(found[name] < amount for name, amount in wanted.items()):
                found = await page.evaluate(WATCHED)
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"watched {found}, wanted {wanted}; the encoder said {errors}") from None


async def test_what_ffmpeg_sends_is_seen_in_the_meeting_and_by_the_player(
    place: tuple[HubProcess, Browser], tmp_path: Path
) -> None:
    hub, browser = place
    url = meeting(hub)
    path = f"/api/v1/meetings/{url.rsplit('/', 1)[1]}/streams"
    sending = hub.request(path, {"kind": "whip", "name": "Hội trường tỉnh"})[1]
    watching = hub.request(path, {"kind": "whep", "name": "Màn hình"})[1]
    context = await browser.new_context(locale="vi-VN")
    try:
        with ffmpeg(tmp_path, sending["url"], sending["token"]) as errors:
            page = await context.new_page()
            await page.goto(watching["page"])
            await page.wait_for_function("window.thongsuot")
            await watched(page, errors, sound=50, energy=0.01, frames=15)
            async with hall(browser, url) as seated:
                await seated.enter("Xã Kim Xá")
                await seated.more(sound=50, energy=0.01, frames=15)
                assert await seated.page.inner_text(".stage .namebar__name") == "Hội trường tỉnh"
            # Paths made anew, as after a change of the network.
            session = await page.evaluate("thongsuot.watching.session")
            await page.evaluate("thongsuot.watching.restart(thongsuot.watching.connection)")
            before = (await page.evaluate(WATCHED))["frames"]
            await watched(page, errors, frames=before + 15)
            assert await page.evaluate("thongsuot.watching.session") == session
            assert errors == []
        await page.goto(f"{hub.address}/xem#wrong")
        await page.reload()
        await page.get_by_text("Đường dẫn xem không dùng được nữa").wait_for()
    finally:
        await context.close()
