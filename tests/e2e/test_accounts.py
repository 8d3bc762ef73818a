"""The first sign-in as a person does it, by keyboard; then a user, the audit log, and the PC of a hall."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import HALL_PC, TELEPHONE, chromium
from tests.e2e.screens import shoot
from tests.e2e.system import NEW_PASSWORD, System

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"), workers=1)
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as (browser,):
        yield browser


@pytest.fixture(scope="module")
def page(system: System, browser: Browser) -> Page:
    page = browser.new_page(viewport=HALL_PC, locale="vi-VN")
    page.goto(system.url)
    return page


def fits_a_telephone(page: Page) -> None:
    page.set_viewport_size(TELEPHONE)
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(HALL_PC)


def tab_to(page: Page, name: str) -> None:
    """By keyboard alone to what has that accessible name."""
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const at = document.activeElement;"
            " return (at.labels?.[0]?.innerText || at.getAttribute('aria-label') || at.innerText || '').trim(); }"
        )
        if found == name:
            return
    raise AssertionError(f"no way by keyboard to {name!r}")


def test_the_first_sign_in_leads_by_keyboard_to_the_board(system: System, page: Page, tmp_path: Path) -> None:
    page.get_by_label("Tên đăng nhập").wait_for()
    page.keyboard.type("admin")
    tab_to(page, "Mật khẩu")
    page.keyboard.type(system.password)
    page.keyboard.press("Enter")

    page.get_by_text("Đặt mật khẩu mới").wait_for()
    for label, text in (
        ("Mật khẩu dùng một lần", system.password),
        ("Mật khẩu mới", NEW_PASSWORD),
        ("Mật khẩu mới, nhập lại", NEW_PASSWORD),
    ):
        tab_to(page, label)
        page.keyboard.type(text)
    fits_a_telephone(page)
    page.keyboard.press("Enter")

    page.get_by_alt_text("Hình QR của mã bí mật").wait_for()
    shoot(page, tmp_path / "totp.png")
    fits_a_telephone(page)
    tab_to(page, "Không quét được? Nhập mã này")
    page.keyboard.press("Enter")
    secret = page.locator("output.code").inner_text().replace(" ", "")
    tab_to(page, "Mã 6 số")
    page.keyboard.type(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")

    page.get_by_text("Tôi đã cất các mã này").wait_for()
    system.recovery_codes = page.locator(".recovery li").all_inner_texts()
    assert len(set(system.recovery_codes)) == 10
    assert page.get_by_role("button", name="Tiếp tục").is_disabled()
    tab_to(page, "Tôi đã cất các mã này.")
    page.keyboard.press("Space")
    tab_to(page, "Tiếp tục")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Địa điểm").wait_for()


def test_a_user_is_added_and_gets_in_with_the_one_time_password(system: System, page: Page, browser: Browser) -> None:
    page.goto(f"{system.url}/nguoi-dung")
    page.get_by_role("button", name="Thêm người dùng").click()
    page.get_by_label("Họ và tên").fill("Nguyễn Thị Lan")
    page.get_by_label("Tên đăng nhập").fill("lan.tt")
    page.get_by_label("Vai trò").select_option("secretary")
    page.get_by_role("button", name="Thêm và tạo mật khẩu dùng một lần").click()
    password = page.locator(".once__value").inner_text()
    fits_a_telephone(page)

    hers = browser.new_page(viewport=HALL_PC)
    hers.goto(system.url)
    hers.get_by_label("Tên đăng nhập").fill("lan.tt")
    hers.get_by_label("Mật khẩu").fill(password)
    hers.get_by_role("button", name="Đăng nhập").click()
    hers.get_by_label("Mật khẩu dùng một lần").fill(password)
    hers.get_by_label("Mật khẩu mới", exact=True).fill("password123")
    hers.get_by_label("Mật khẩu mới, nhập lại").fill("password123")
    hers.get_by_role("button", name="Đổi mật khẩu").click()
    hers.get_by_text("Mật khẩu này quá phổ biến").wait_for()
    hers.get_by_label("Mật khẩu mới", exact=True).fill(NEW_PASSWORD)
    hers.get_by_label("Mật khẩu mới, nhập lại").fill(NEW_PASSWORD)
    hers.get_by_role("button", name="Đổi mật khẩu").click()
    hers.get_by_role("button", name="Nguyễn Thị Lan").click()
    # What she may not open is not offered.
    assert hers.get_by_role("link", name="Tài khoản của tôi").first.is_visible()
    assert hers.get_by_role("link", name="Nhật ký").count() == 0
    hers.close()


def test_the_audit_log_shows_it_and_proves_itself(system: System, page: Page, tmp_path: Path) -> None:
    page.goto(f"{system.url}/nhat-ky")
    page.get_by_role("cell", name="Thêm người dùng").first.wait_for()
    page.get_by_role("button", name="Kiểm tra chuỗi").click()
    page.get_by_text("Nguyên vẹn").wait_for()
    shoot(page, tmp_path / "audit.png")
    fits_a_telephone(page)
    verified = system.command("audit", "verify")
    assert (verified.returncode, verified.stdout[0]) == (0, "●")


def test_an_idle_session_locks_and_opens_where_it_was(system: System, page: Page) -> None:
    page.goto(f"{system.url}/tai-khoan")
    page.get_by_role("heading", name="Tài khoản của tôi").wait_for()
    fits_a_telephone(page)
    with contextlib.closing(sqlite3.connect(system.data / "hub.db", timeout=10)) as db, db:
        # Five minutes without a person, without waiting for them.
        db.execute("UPDATE user_sessions SET last_active_at = last_active_at - 301")
    page.goto(system.url)
    page.get_by_role("heading", name="Phiên đã khóa").wait_for()
    page.get_by_label("Mật khẩu").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Mở khóa").click()
    page.get_by_role("heading", name="Địa điểm").wait_for()
    with contextlib.closing(sqlite3.connect(system.data / "hub.db", timeout=10)) as db, db:
        db.execute("UPDATE user_sessions SET last_active_at = last_active_at - 301")
    # The board finds out by itself, at its next question.
    page.get_by_role("heading", name="Phiên đã khóa").wait_for()
    page.get_by_label("Mật khẩu").fill(NEW_PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Địa điểm").wait_for()


def test_a_halls_pc_enters_by_its_link_and_joins_with_one_click(system: System, browser: Browser) -> None:
    with system.signed_in() as client:
        client.post("/api/v1/meetings", json={"title": "Giao ban đầu tuần"}).raise_for_status()
        made = client.post("/api/v1/halls/trung-tam/access", json={"label": "Hội trường"}).raise_for_status()
    page = browser.new_page(viewport=HALL_PC)
    page.goto(made.json()["link"])
    page.get_by_role("heading", name="Trung tâm điều hành").wait_for()
    assert page.url == f"{system.url}/"
    fits_a_telephone(page)
    page.get_by_role("link", name="Vào họp").click()
    assert page.get_by_label("Tên điểm cầu").input_value() == "Trung tâm điều hành"
    page.close()


def test_a_screen_on_the_wall_shows_the_board_without_signing_in(
    system: System, page: Page, browser: Browser
) -> None:
    page.goto(f"{system.url}/tai-khoan")
    page.get_by_label("Dùng cho").fill("Phòng trực")
    page.get_by_label("đọc", exact=True).uncheck()
    page.get_by_label("màn hình treo tường").check()
    page.get_by_role("button", name="Tạo mã", exact=True).click()
    link = page.locator(".once__value").last.inner_text()
    assert link.startswith(f"{system.url}/man-hinh#tsa_")

    screen = browser.new_page(viewport={"width": 1920, "height": 1080})
    for address in (link, f"{system.url}/man-hinh"):
        screen.goto(address)
        screen.get_by_role("heading", name="Địa điểm").wait_for()
        assert screen.url == f"{system.url}/man-hinh"
    assert screen.get_by_role("button", name="Tạo cuộc họp").count() == 0
    token = link.partition("#")[2]
    headers = {"Authorization": f"Bearer {token}"}
    with system.client() as client:
        assert client.get("/api/v1/board", headers=headers).status_code == 200
        assert client.get("/api/v1/directory/telephones", headers=headers).status_code == 403

    page.get_by_role("listitem").filter(has_text="Phòng trực").get_by_role("button", name="Thu hồi").click()
    screen.get_by_label("Tên đăng nhập").wait_for()
    screen.close()
