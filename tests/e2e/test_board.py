"""The board of a province: 170 tiles, search and keys, a site with its outage and cause, the lock, a lost hub."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import HALL_PC, TELEPHONE, chromium
from tests.e2e.district import SITES, Province
from tests.e2e.screens import shoot
from tests.e2e.system import NEW_PASSWORD, System, until

pytestmark = pytest.mark.e2e

OFFICE = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"), workers=1)
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="module")
def province(system: System) -> Iterator[Province]:
    with contextlib.closing(Province(system)) as province:
        province.speak()
        yield province


@pytest.fixture(scope="module")
def page(system: System, province: Province) -> Iterator[Page]:
    with chromium() as (browser,), system.signed_in() as client:
        until(lambda: _cause_is_known(client.get("/api/v1/board").json()), 30, "the cause of the cut line")
        context = browser.new_context(viewport=HALL_PC, locale="vi-VN")
        context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": system.url} for one in client.cookies.jar]
        )
        page = context.new_page()
        page.goto(system.url)
        yield page


def _cause_is_known(board: dict[str, list[dict[str, list[dict[str, str]]]]]) -> bool:
    return any(line.get("cause") == "provider" for site in board["sites"] for line in site["lines"])


def test_the_first_screen_says_what_is_wrong_where_since_when_and_whom_to_call(page: Page, tmp_path: Path) -> None:
    # The hub's own machine is one of the sites, and may be too busy to be heard while 170 others are made.
    said = re.compile(r"[34] điểm mất kết nối · 2 đường truyền nghiêm trọng")
    expect(page.get_by_role("heading", level=1)).to_contain_text(said)
    trouble = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Nghiêm trọng: UBND xã Kim Xá"))
    expect(trouble).to_contain_text("phút")
    expect(trouble).to_contain_text("Nhà mạng")
    call = trouble.get_by_role("link", name="Gọi VNPT: 18001166")
    assert call.get_attribute("href") == "tel:18001166"
    shoot(page, tmp_path / "province.png")


def test_every_site_has_a_tile_and_all_fit_an_office_screen(page: Page) -> None:
    page.set_viewport_size(OFFICE)  # type: ignore[arg-type]
    page.get_by_role("heading", name="Tam Đảo 9").wait_for()
    assert page.locator(".tile").count() == SITES
    bottom = page.evaluate("() => Math.max(...[...document.querySelectorAll('.tile')].map("
                           "(tile) => tile.getBoundingClientRect().bottom))")  # fmt: skip
    assert bottom <= OFFICE["height"]
    page.set_viewport_size(TELEPHONE)
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    lefts = page.evaluate(
        "() => new Set([...document.querySelectorAll('.tile')].map((tile) => tile.offsetLeft)).size"
    )
    assert lefts == 1
    page.set_viewport_size(HALL_PC)


def test_sites_are_found_without_diacritics_and_by_state(page: Page) -> None:
    page.get_by_label("Tìm điểm: tên, mã, nhà mạng").fill("tam dao ho son")
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_label("Tìm điểm: tên, mã, nhà mạng").fill("khong co diem nay")
    page.get_by_text("Không tìm thấy gì khớp.").wait_for()
    page.keyboard.press("Escape")
    weak = page.get_by_role("button", name="Cần chú ý:")
    weak.click()
    expect(page.locator(".tile")).to_have_count(5)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Xuất CSV").click()
    rows = saved.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 6
    assert rows[0].startswith("Mã;Tên;Nhóm;Trạng thái;")
    weak.click()
    expect(page.locator(".tile")).to_have_count(SITES)


def test_tiles_are_walked_and_opened_by_keys_and_kept_on_the_way_back(page: Page) -> None:
    page.get_by_label("Tìm điểm: tên, mã, nhà mạng").focus()
    page.keyboard.press("ArrowDown")
    focused = "() => document.activeElement.dataset.code"
    assert page.evaluate(focused) == "binh-xuyen-ba-hien"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "binh-xuyen-dao-duc"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) not in ("binh-xuyen-dao-duc", None)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="UBND thị trấn Bá Hiến").wait_for()
    assert page.evaluate("() => document.activeElement.tagName") == "H1"
    page.go_back()
    page.get_by_role("heading", name="Cần xử lý").wait_for()
    assert page.evaluate(focused) == "binh-xuyen-ba-hien"


def test_a_site_shows_its_day_its_month_and_its_outages_with_their_causes(
    page: Page, system: System, tmp_path: Path
) -> None:
    page.goto(f"{system.url}/diem/xa-kim-xa")
    outages = page.get_by_role("region", name="Sự cố trong 30 ngày")
    expect(outages).to_contain_text("Nhà mạng")
    expect(outages).to_contain_text("chặng đầu nhà mạng không trả lời")
    expect(outages).to_contain_text("chưa hết")
    expect(outages).to_contain_text("Mất điện")
    expect(page.locator(".day")).to_have_count(30)
    chart = page.get_by_role("figure", name="Độ trễ khứ hồi (ms)")
    chart.locator("canvas").wait_for()
    chart.focus()
    for _ in range(2):
        page.keyboard.press("PageUp")
    expect(chart.locator("figcaption")).to_contain_text("trung vị")
    chart.get_by_text("Xem bảng số liệu").click()
    expect(chart.locator("tbody tr")).to_have_count(24 * 60)
    page.get_by_role("link", name="0912 345 600").wait_for()
    page.get_by_role("link", name="Vào họp").or_(page.get_by_text("Chưa có cuộc họp nào đang mở.")).first.wait_for()
    expect(page.get_by_text("Bộ định tuyến chính")).to_be_visible()
    shoot(page, tmp_path / "site.png")


def test_reports_lead_to_the_printed_page_and_the_files(page: Page, system: System) -> None:
    page.get_by_role("link", name="Báo cáo tháng của đường truyền này").click()
    page.get_by_role("heading", name="Báo cáo tháng").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Mở trang in").click()
    opened.value.get_by_text("UBND xã Kim Xá").first.wait_for()
    opened.value.close()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Bảng tính (XLSX)").click()
    assert saved.value.path().read_bytes()[:2] == b"PK"


def test_the_lock_covers_the_page_and_keeps_what_was_typed(page: Page, system: System) -> None:
    page.goto(system.url)
    page.get_by_label("Tên cuộc họp").fill("Họp giao ban tháng")
    with contextlib.closing(sqlite3.connect(system.data / "hub.db", timeout=10)) as db, db:
        db.execute("UPDATE user_sessions SET last_active_at = last_active_at - 301")
    page.get_by_role("dialog", name="Phiên đã khóa").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").is_visible()
    # Nothing of the page is to be seen or reached.
    behind = page.evaluate("() => getComputedStyle(document.querySelector('dialog'), '::backdrop').backgroundColor")
    assert behind.startswith("rgb(")
    assert page.evaluate("() => document.elementFromPoint(40, 40).tagName") == "DIALOG"
    page.get_by_role("dialog").get_by_label("Mật khẩu").fill(NEW_PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.get_by_label("Tên cuộc họp").input_value() == "Họp giao ban tháng"


def test_a_hub_out_of_reach_is_said_and_greys_what_is_old(page: Page, system: System) -> None:
    expect(page.locator(".tile")).to_have_count(SITES)
    assert system.command("stop", "hub").returncode == 0
    page.get_by_role("alert").filter(has_text="Không liên lạc được với máy chủ từ").wait_for()
    assert "grayscale" in page.evaluate("() => getComputedStyle(document.querySelector('main')).filter")
    assert page.locator(".tile").count() == SITES
    assert system.command("start", "hub").returncode == 0
    page.get_by_role("alert").wait_for(state="detached")
