"""Every page in today's Chromium, Chromium 109 and Firefox ESR: by keyboard alone, accessible by axe-core's rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.browser import HALL_PC, TELEPHONE
from tests.e2e.system import NEW_PASSWORD, System
from tests.e2e.walker import BROWSERS, Walker, walker

pytestmark = pytest.mark.e2e

PAGES = (
    ("/", "Địa điểm"),
    ("/diem/trung-tam", "Trung tâm điều hành"),
    ("/tai-khoan", "Tài khoản của tôi"),
    ("/nguoi-dung", "Người dùng"),
    ("/nhat-ky", "Nhật ký"),
    ("/bao-cao", "Báo cáo tháng"),
    ("/truc", "Lịch bảo trì"),
    ("/cai-dat", "Mã ghi danh trên phiếu"),
    ("/danh-muc", "Thổ Tang"),
    ("/danh-muc/don-vi/09079@2019-09-01", "UBND xã Kim Xá"),
    ("/danh-muc/diem/xa-kim-xa", "Máy hội trường"),
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    # As a LAN has it: Firefox uses no loopback address for media.
    system = System(tmp_path_factory.mktemp("hub"), listen="0.0.0.0", workers=1)
    system.start()
    with system.signed_in() as client:
        client.post("/api/v1/meetings", json={"title": "Giao ban đầu tuần"}).raise_for_status()
        client.post("/api/v1/directory/presets/huyen-2019?dry_run=false").raise_for_status()
    yield system
    system.stop()


def is_clean(page: Walker) -> None:
    """In both themes, on a hall's PC and on a telephone."""
    for theme in ("light", "dark"):
        page.theme(theme)
        assert page.violations() == [], theme
    page.viewport(**TELEPHONE)
    page.wait("document.documentElement.scrollWidth <= innerWidth")
    assert page.violations() == [], "telephone"
    page.viewport(**HALL_PC)
    page.theme("light")


def sign_in(page: Walker, system: System) -> None:
    page.goto(system.url)
    page.see("Tên đăng nhập")
    page.fill("Tên đăng nhập", "admin")
    page.fill("Mật khẩu", NEW_PASSWORD)
    page.press("Enter")
    page.see("Mã xác thực")
    page.fill("Mã xác thực", system.recovery_codes.pop())
    page.press("Enter")
    page.see("Địa điểm")


@pytest.mark.parametrize("browser", BROWSERS)
def test_every_page_is_reached_and_read(system: System, browser: str) -> None:
    with walker(browser) as page:
        page.viewport(**HALL_PC)
        page.goto(system.url)
        page.see("Tên đăng nhập")
        is_clean(page)
        sign_in(page, system)
        page.problems()
        for path, words in PAGES:
            page.goto(system.url + path)
            page.see(words)
            is_clean(page)
        assert page.problems() == []
        page.push("Quản trị viên")
        page.push("Đăng xuất")
        page.see("Tên đăng nhập")


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_hall_joins_a_meeting(system: System, browser: str) -> None:
    with system.signed_in() as client:
        made = client.post("/api/v1/halls/trung-tam/access", json={"label": browser}).raise_for_status().json()
    with walker(browser) as page:
        page.viewport(**HALL_PC)
        page.goto(made["link"])
        page.see("Giao ban đầu tuần")
        # The browser itself reports the 401 of the first question who is there.
        page.problems()
        is_clean(page)
        page.push("Vào họp")
        page.see("Tên điểm cầu")
        is_clean(page)
        page.push("Vào họp")
        page.wait("window.thongsuot?.call?.state.media === 'connected'")
        is_clean(page)
        assert page.problems() == []


def test_a_fault_would_be_found(system: System) -> None:
    with walker("chromium") as page:
        page.goto(system.url)
        page.see("Tên đăng nhập")
        page.evaluate("void document.querySelector('main').append(new Image())")
        assert "image-alt" in [rule for rule, _ in page.violations()]
