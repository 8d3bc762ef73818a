"""A meeting through the real hub and a real media worker: two browsers see and hear each other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.browser import HALL_PC, TELEPHONE, chromium, inbound
from tests.e2e.meeting import enter
from tests.e2e.screens import shoot
from tests.e2e.system import System, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"))
    system.start()
    yield system
    system.stop()


@pytest.fixture
def link(system: System) -> str:
    with system.signed_in() as client:
        made = client.post("/api/v1/meetings", json={"title": "Giao ban trực tuyến"})
        assert made.status_code == 201
        found: str = made.json()["url"]
        return found


def seats(system: System, link: str) -> list[str]:
    with system.signed_in() as client:
        meetings = client.get("/api/v1/meetings").json()["meetings"]
        (found,) = [one for one in meetings if link.endswith(one["url"])]
        return sorted(participant["name"] for participant in found["participants"])


def is_seen_and_heard(page: Page) -> bool:
    received = inbound(page)
    return bool(received["frames"] > 60 and received["energy"] > 0)


def test_two_browsers_see_and_hear_each_other(system: System, link: str, tmp_path: Path) -> None:
    with chromium(2) as browsers:
        first, second = (browser.new_page(viewport=HALL_PC) for browser in browsers)
        enter(first, link, "Xã Kim Xá")
        enter(second, link, "Xã Lũng Hòa")
        for page in (first, second):
            until(partial(is_seen_and_heard, page), 30, "a moving picture, and sound that is not silence")
        assert seats(system, link) == ["Xã Kim Xá", "Xã Lũng Hòa"]
        shoot(first, tmp_path / "meeting.png")

        second.reload()
        until(lambda: inbound(second)["frames"] > 30, 30, "the picture after a reload")
        assert seats(system, link) == ["Xã Kim Xá", "Xã Lũng Hòa"]

        second.click("nav >> text=Rời họp")
        second.click("dialog >> text=Rời họp")
        second.get_by_text("Bạn đã rời cuộc họp").wait_for()
        until(lambda: seats(system, link) == ["Xã Kim Xá"], 10, "one seat left")


def test_the_media_are_forwarded_and_never_decoded(system: System, link: str) -> None:
    """A worker process has no decoder in it."""
    with chromium(2) as browsers:
        pages = [browser.new_page(viewport=TELEPHONE) for browser in browsers]
        for number, page in enumerate(pages):
            enter(page, link, f"Điểm cầu {number + 1}")
        until(lambda: all(inbound(page)["frames"] > 60 for page in pages), 30, "moving pictures")
        for name in ("media-0", "media-1"):
            maps = Path(f"/proc/{system.pid_of(name)}/maps").read_text()
            assert "libavcodec" not in maps
