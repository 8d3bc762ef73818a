"""The technicians' page as a technician uses it: a trouble is seen, taken, noted; the rota says who is on duty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.browser import HALL_PC, TELEPHONE, chromium
from tests.e2e.screens import shoot
from tests.e2e.system import System

pytestmark = pytest.mark.e2e

TROUBLE = {
    "status": "firing",
    "labels": {"alertname": "LineDown", "scope": "site", "site": "trung-tam", "severity": "critical"},
    "annotations": {"summary_vi": "Đường truyền tt-1 mất kết nối", "summary_en": "Line tt-1 is down"},
    "startsAt": "2026-11-23T22:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://x",
    "fingerprint": "e2e",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    system = System(tmp_path_factory.mktemp("hub"), workers=1)
    system.start()
    try:
        with chromium() as (browser,), system.signed_in() as client:
            _fill(system, client)
            context = browser.new_context(viewport=HALL_PC, locale="vi-VN")
            context.add_cookies(
                [{"name": one.name, "value": one.value or "", "url": system.url} for one in client.cookies.jar]
            )
            page = context.new_page()
            page.goto(f"{system.url}/truc")
            yield page
    finally:
        system.stop()


def _fill(system: System, client: httpx.Client) -> None:
    token = (system.data / "secrets" / "alerts.token").read_text()
    said = {"version": "4", "groupKey": "e2e", "alerts": [TROUBLE]}
    client.post("/api/v1/alerts", json=said, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    for name in ("Nguyễn Văn An", "Trần Thị Bình"):
        client.post("/api/v1/directory/people", json={"name": name}).raise_for_status()
    starts = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 14 * 86400))
    weeks = {"layer": 1, "every": "week", "people": ["nguyen-van-an", "tran-thi-binh"], "starts": starts}
    leader = {**weeks, "layer": 9, "people": ["tran-thi-binh"]}
    client.put("/api/v1/oncall/rotations", json=[weeks, leader]).raise_for_status()


def test_a_trouble_is_taken_and_noted(page: Page, tmp_path: Path) -> None:
    page.get_by_text("Đường truyền tt-1 mất kết nối").wait_for()
    page.get_by_text("Chưa ai trực được").wait_for()
    page.get_by_text("đang trực").first.wait_for()
    shoot(page, tmp_path / "oncall-board.png")
    page.get_by_role("button", name="Tiếp nhận").click()
    page.get_by_role("button", name="Trả lại").wait_for()
    page.get_by_role("button", name="Diễn biến").click()
    page.get_by_label("Ghi chú").fill("Đã gọi nhà mạng, mã 1234")
    page.keyboard.press("Enter")
    page.get_by_text("Đã gọi nhà mạng, mã 1234").wait_for()
    shoot(page, tmp_path / "oncall-history.png")


def test_the_rota_is_changed_by_hand(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Sửa lịch trực").click()
    first = page.get_by_role("group").filter(has_text="Lượt 1").first
    first.get_by_role("button", name="Đưa Trần Thị Bình lên").click()
    first.get_by_label("Giờ đổi ca").fill("07:00")
    shoot(page, tmp_path / "oncall-turns.png")
    page.get_by_role("button", name="Lưu").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_text("07:00").first.wait_for()


def test_two_people_swap_and_swap_back(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Trực thay, đổi ca").click()
    page.get_by_label("Hai người đổi ca").check()
    page.get_by_label("Người vắng").select_option(label="Trần Thị Bình")
    page.get_by_label("Đổi với").select_option(label="Nguyễn Văn An")
    shoot(page, tmp_path / "oncall-swap.png")
    page.get_by_role("button", name="Ghi lại").click()
    page.get_by_role("button", name="Bỏ lần trực thay của Nguyễn Văn An").click()
    page.get_by_role("button", name="Bỏ lần trực thay của Trần Thị Bình").click()
    page.get_by_text("Chưa có ai trực thay").wait_for()
    page.keyboard.press("Escape")


def test_a_calendar_is_read_back(page: Page, tmp_path: Path) -> None:
    calendar = page.request.get(page.url.replace("/truc", "/api/v1/oncall/rota.ics")).text()
    page.get_by_role("button", name="Nhập lịch (.ics)").click()
    for number, content in enumerate(("rác", calendar, calendar.replace(": Nguyễn Văn An", ": Trần Thị Bình"))):
        file = tmp_path / f"lich-truc-{number}.ics"
        file.write_text(content, encoding="utf-8", newline="")
        page.get_by_label("Tệp iCalendar").set_input_files(file)
        words = {"rác": "Không đọc được", calendar: "sẽ ghi 0 lần"}.get(content, "trực thay Nguyễn Văn An")
        page.get_by_role("dialog").get_by_text(words).first.wait_for()
    shoot(page, tmp_path / "oncall-calendar.png")
    page.keyboard.press("Escape")


def test_contacts_and_maintenance_are_written_by_hand(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Sửa liên hệ của Nguyễn Văn An").click()
    page.get_by_role("button", name="Thêm liên hệ").click()
    page.get_by_label("Số điện thoại").fill("0912345678")
    page.get_by_role("button", name="Thêm giờ yên lặng").click()
    shoot(page, tmp_path / "oncall-contacts.png")
    page.get_by_role("button", name="Lưu").click()
    page.get_by_text("Hãy gửi thử từng liên hệ").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Tin nhắn SMS 0912345678").wait_for()
    page.get_by_role("button", name="Thêm lịch bảo trì").click()
    page.get_by_label("Tên", exact=True).fill("trung")
    page.get_by_role("listbox", name="Kết quả tìm").get_by_role("option").first.click()
    page.get_by_label("Việc gì").fill("Nhà mạng thay ONT")
    shoot(page, tmp_path / "oncall-maintenance.png")
    page.get_by_role("button", name="Ghi lịch bảo trì").click()
    page.get_by_text("Đang bảo trì").wait_for()


def test_the_page_fits_a_telephone(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size(TELEPHONE)
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    shoot(page, tmp_path / "oncall-telephone.png")
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Sửa lịch trực").click()
    page.get_by_role("dialog").wait_for()
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog'))")
    shoot(page, tmp_path / "oncall-telephone-turns.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Sửa liên hệ của Nguyễn Văn An").click()
    page.get_by_label("Số điện thoại").wait_for()
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog'))")
    shoot(page, tmp_path / "oncall-telephone-contacts.png")
