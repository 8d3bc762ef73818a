"""The directory as IT staff of a district work in it: import, edit by keyboard, undo, conflict, machine, merger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import collector.presets
from tests.e2e.browser import HALL_PC, TELEPHONE, chromium
from tests.e2e.screens import shoot
from tests.e2e.system import NEW_PASSWORD, System

pytestmark = pytest.mark.e2e

PRESETS = Path(collector.presets.__file__).parent
API = "/api/v1/directory"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("hub"), workers=1)
    system.start()
    yield system
    system.stop()


@pytest.fixture(scope="module")
def client(system: System) -> Iterator[httpx.Client]:
    """Somebody else of the same staff, who works by the API."""
    with system.signed_in() as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as (browser,):
        yield browser


@pytest.fixture(scope="module")
def context(system: System, client: httpx.Client, browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport=HALL_PC, locale="vi-VN")
    context.add_cookies(
        [{"name": one.name, "value": one.value or "", "url": system.url} for one in client.cookies.jar]
    )
    return context


@pytest.fixture(scope="module")
def page(system: System, context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto(f"{system.url}/danh-muc")
    return page


def tab_to(page: Page, name: str) -> None:
    """By keyboard alone to what has that accessible name."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const at = document.activeElement;"
            " return (at.getAttribute('aria-label') || at.labels?.[0]?.innerText || at.innerText || '').trim(); }"
        )
        if found == name:
            return
    raise AssertionError(f"no way by keyboard to {name!r}")


def choose_file(page: Page, name: Path) -> None:
    page.get_by_role("button", name="Nhập tệp…").first.click()
    page.get_by_label("Chọn tệp CSV").set_input_files(name)


def open_site(page: Page, system: System, code: str, name: str) -> None:
    page.goto(f"{system.url}/danh-muc/diem/{code}")
    page.get_by_role("heading", name=name, exact=True).wait_for()


def test_an_empty_directory_says_how_to_begin(page: Page) -> None:
    page.get_by_text("Chưa có đơn vị nào").wait_for()
    page.get_by_text("Huyện Vĩnh Tường và 29 xã").wait_for()
    assert page.get_by_role("button", name="Xem trước…").count() == 2


def test_a_broken_file_names_its_rows_and_writes_nothing(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "units.csv"
    broken.write_text("code;valid_from;name;kind\n252;31/2/2019;Vĩnh Tường;huyen\n", encoding="utf-8-sig")
    choose_file(page, broken)
    page.get_by_text("Có 1 chỗ chưa đúng").wait_for()
    row = page.get_by_role("row").filter(has_text="không có ngày này")
    assert row.get_by_role("cell").all_inner_texts()[:3] == ["2", "Từ ngày", "31/2/2019"]
    assert page.get_by_role("button", name="Ghi vào danh mục").is_disabled()
    broken.write_text(broken.read_text(encoding="utf-8-sig").replace("31/2/", "1/9/"), encoding="utf-8-sig")
    with page.expect_file_chooser() as chooser:
        page.get_by_label("Chọn tệp CSV").click()
    chooser.value.set_files(broken)
    page.get_by_text("Xem trước: chưa ghi gì cả").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_real_units_and_their_sites_are_imported_after_a_look(page: Page, tmp_path: Path) -> None:
    for name, count in (("huyen-2019-units.csv", 30), ("huyen-2019-sites.csv", 29)):
        choose_file(page, PRESETS / name)
        expect(page.get_by_role("dialog").get_by_role("row").nth(1)).to_contain_text(str(count))
        page.get_by_role("button", name="Ghi vào danh mục").click()
        page.get_by_text(f"Đã nhập tệp {name}").wait_for()
    expect(page.get_by_role("treeitem")).to_have_count(30)
    shoot(page, tmp_path / "tree.png")


def test_a_line_is_edited_and_taken_back_by_keyboard_alone(page: Page, client: httpx.Client) -> None:
    page.get_by_label("Tìm tên").focus()
    page.keyboard.type("lung hoa")
    page.get_by_text("Tìm thấy").wait_for()
    page.get_by_label("Tìm tên").fill("")
    page.get_by_role("treeitem").first.wait_for()
    tab_to(page, page.get_by_role("treeitem").first.inner_text().strip())
    page.keyboard.press("ArrowDown")
    page.keyboard.type("k")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Kim Xá", exact=True).wait_for()
    page.get_by_role("link", name="UBND xã Kim Xá").wait_for()
    tab_to(page, "UBND xã Kim Xá")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sửa Đường truyền 1").wait_for()
    tab_to(page, "Sửa Đường truyền 1")
    page.keyboard.press("Enter")
    page.get_by_label("Nhà mạng").wait_for()
    tab_to(page, "Nhà mạng")
    page.keyboard.type("VNPT")
    tab_to(page, "Tải xuống theo hợp đồng (Mbit/s)")
    page.keyboard.type("nhiều")
    page.keyboard.press("Enter")
    page.get_by_text("Viết số, như 150 hoặc 99,5.").wait_for()
    # The field that is wrong has the keyboard already, and what was typed elsewhere is kept.
    page.keyboard.press("Control+A")
    page.keyboard.type("150,5")
    page.keyboard.press("Enter")
    page.get_by_text("Đã lưu Đường truyền 1.").wait_for()
    line = client.get(f"{API}/lines/xa-kim-xa-1").json()
    assert (line["provider"], line["contract_download_mbits"]) == ("VNPT", 150.5)
    # Whoever saved goes on where they were.
    expect(page.get_by_role("button", name="Sửa Đường truyền 1")).to_be_focused()
    tab_to(page, "Hoàn tác")
    page.keyboard.press("Enter")
    page.get_by_text("Đã hoàn tác.").wait_for()
    assert client.get(f"{API}/lines/xa-kim-xa-1").json()["provider"] == ""


def test_two_who_edit_at_once_see_both_values(page: Page, client: httpx.Client, tmp_path: Path) -> None:
    page.get_by_role("button", name="Sửa Đường truyền 1").click()
    page.get_by_label("Nhà mạng").fill("VNPT")
    other = client.get(f"{API}/lines/xa-kim-xa-1")
    changes = {"provider": "Viettel", "hotline": "18008098"}
    client.patch(
        f"{API}/lines/xa-kim-xa-1", json=changes, headers={"If-Match": other.headers["etag"]}
    ).raise_for_status()
    page.get_by_role("button", name="Lưu", exact=True).click()
    page.get_by_text("vừa sửa mục này lúc").wait_for()
    expect(page.get_by_role("row", name=re.compile(r"Nhà mạng.*Viettel.*VNPT"))).to_be_visible()
    shoot(page, tmp_path / "conflict.png")
    page.get_by_role("button", name="Lưu những gì tôi nhập").click()
    page.get_by_text("Đã lưu Đường truyền 1.").wait_for()
    line = client.get(f"{API}/lines/xa-kim-xa-1").json()
    # What only the other one changed stays.
    assert (line["provider"], line["hotline"]) == ("VNPT", "18008098")


def test_the_history_says_who_changed_what_and_takes_one_change_back(page: Page, client: httpx.Client) -> None:
    page.get_by_role("button", name="Lịch sử của Đường truyền 1").click()
    history = page.get_by_role("region", name="Lịch sử")
    expect(history.get_by_role("listitem").filter(has_text="admin").first).to_contain_text("Viettel → VNPT")
    history.get_by_role("button", name="Hoàn tác").first.click()
    page.get_by_text("Đã hoàn tác.").wait_for()
    assert client.get(f"{API}/lines/xa-kim-xa-1").json()["provider"] == "Viettel"


def test_what_the_hub_refuses_stands_at_its_field(page: Page) -> None:
    page.get_by_role("button", name="Thêm thiết bị").click()
    form = page.get_by_role("form", name="Thêm thiết bị")
    form.get_by_label("Tên").fill("Bộ định tuyến tầng 2")
    form.get_by_label("Địa chỉ MAC").fill("không phải MAC")
    form.get_by_role("button", name="Thêm", exact=True).click()
    expect(form.get_by_label("Địa chỉ MAC")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Địa chỉ MAC")).to_be_focused()
    form.get_by_label("Địa chỉ MAC").fill("00-1D-AA-01-02-03")
    form.get_by_role("button", name="Thêm", exact=True).click()
    page.get_by_text("Đã thêm Bộ định tuyến tầng 2.").wait_for()
    page.get_by_text("00:1d:aa:01:02:03").wait_for()


def test_a_machine_is_added_with_a_sheet_and_seen_to_arrive(
    page: Page, system: System, context: BrowserContext, tmp_path: Path
) -> None:
    page.get_by_role("button", name="Thêm máy").click()
    page.get_by_role("button", name="Tạo mã").click()
    page.get_by_text("Đang chờ máy ghi danh").wait_for()
    page.get_by_role("button", name="In phiếu").click()
    sheet = page.get_by_role("dialog")
    typed = sheet.get_by_text(re.compile(r"^ts-([a-z2-7]{4} ?){8}$")).inner_text()
    token = typed.replace(" ", "")
    sheet.get_by_alt_text("Mã QR của địa chỉ cài đặt").wait_for()
    expect(sheet.get_by_role("heading", name="UBND xã Kim Xá")).to_be_visible()
    shoot(page, tmp_path / "sheet.png")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    sheet.get_by_role("button", name="Đóng").click()

    phone = context.new_page()
    phone.goto(f"{system.url}/cai-dat#{token}")
    expect(phone.locator(".line").first).to_contain_text(f"--token {token}")
    assert token not in phone.url
    phone.get_by_label("Mã ghi danh trên phiếu").fill(typed[:-1])
    phone.get_by_text("Mã chưa đủ hoặc sai").wait_for()
    phone.get_by_label("Mã ghi danh trên phiếu").fill(typed)
    expect(phone.locator(".line").first).to_contain_text(f"--token {token}")
    phone.get_by_label("Mã ghi danh trên phiếu").fill(f"{token}.{'0' * 64}")
    phone.get_by_text("Phiếu này là của máy chủ khác").wait_for()
    phone.close()

    machine = {"token": token, "hostname": "kim-xa-pc1", "platform": "Debian 12", "version": "1"}
    with system.client() as node:
        node.post("/api/v1/enrol", json=machine).raise_for_status()
    page.get_by_text("Máy kim-xa-pc1 đã ghi danh").wait_for()
    page.get_by_role("button", name="Xong", exact=True).click()
    expect(page.get_by_role("region", name="Máy giám sát")).to_contain_text("Debian 12")


def test_a_halls_link_is_made_shown_once_and_revoked(page: Page, system: System, browser: Browser) -> None:
    page.get_by_label("Máy nào").fill("Máy hội trường")
    page.get_by_role("button", name="Tạo liên kết").click()
    page.get_by_alt_text("Mã QR của liên kết").wait_for()
    link = page.locator(".access__link .line").inner_text()
    hall = browser.new_page()
    hall.goto(link)
    hall.get_by_role("heading", name="UBND xã Kim Xá").wait_for()
    page.get_by_role("button", name="Thu hồi liên kết của Máy hội trường").click()
    page.get_by_text("Đã thu hồi liên kết").wait_for()
    hall.goto(link)
    hall.get_by_text("Liên kết không đúng hoặc đã bị thu hồi").wait_for()
    hall.close()


def test_two_communes_merge_and_the_old_one_says_what_it_became(page: Page, system: System, tmp_path: Path) -> None:
    page.goto(f"{system.url}/danh-muc")
    page.get_by_role("button", name="Sáp nhập…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("checkbox", name="Kim Xá").check()
    dialog.get_by_role("checkbox", name="Yên Bình").check()
    dialog.get_by_label("Từ ngày").fill("2025-07-01")
    dialog.get_by_label("Tên đơn vị mới").fill("Vĩnh An")
    dialog.get_by_label("Mã đơn vị mới").fill("09079")
    dialog.get_by_role("button", name="Xem trước").click()
    dialog.get_by_text("2 đơn vị kết thúc từ 1/7/2025").wait_for()
    dialog.get_by_text("2 điểm chuyển sang đơn vị mới").wait_for()
    shoot(page, tmp_path / "merger.png")
    dialog.get_by_role("button", name="Sáp nhập").click()
    page.get_by_text("Đã sáp nhập 2 đơn vị thành Vĩnh An.").wait_for()
    expect(page.get_by_role("treeitem", name="Kim Xá")).to_have_count(0)
    page.get_by_role("checkbox", name="Hiện cả đơn vị đã kết thúc").check()
    page.get_by_role("treeitem", name="Kim Xá").click()
    page.get_by_text("Từ 1/7/2025 đã nhập vào").wait_for()
    page.get_by_role("link", name="UBND xã Kim Xá").wait_for()
    page.get_by_role("article").get_by_role("link", name="Vĩnh An").click()
    page.get_by_text("Gồm các đơn vị cũ:").wait_for()
    page.get_by_role("link", name="UBND xã Yên Bình").wait_for()


def test_a_leader_looks_and_is_offered_nothing_to_change(
    system: System, client: httpx.Client, browser: Browser
) -> None:
    client.post(f"{API}/people", json={"name": "Nguyễn Văn An", "site": "xa-bo-sao"}).raise_for_status()
    for number, visibility in (("0912 345 678", "staff"), ("0211 3839 111", "everyone")):
        telephone = {"number": number, "visibility": visibility, "person": "nguyen-van-an"}
        client.post(f"{API}/telephones", json=telephone).raise_for_status()
    leader = {"name": "lanh.dao", "display_name": "Lãnh đạo", "role": "leader", "unit": None}
    password = client.post("/api/v1/users", json=leader).raise_for_status().json()["password"]
    with system.client() as theirs:
        theirs.post("/api/v1/session", json={"name": "lanh.dao", "password": password}).raise_for_status()
        theirs.post("/api/v1/session/password", json={"old": password, "new": NEW_PASSWORD}).raise_for_status()
        context = browser.new_context(viewport=HALL_PC, locale="vi-VN")
        context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": system.url} for one in theirs.cookies.jar]
        )
        page = context.new_page()
        open_site(page, system, "xa-bo-sao", "UBND xã Bồ Sao")
        page.get_by_role("link", name="0211 3839 111").wait_for()
        assert page.get_by_role("link", name="0912 345 678").count() == 0
        offered = page.get_by_role("main").get_by_role("button").all_inner_texts()
        assert set(offered) <= {"Lịch sử", "Chi tiết"}
        context.close()


def test_on_a_telephone_one_goes_from_the_list_to_the_site_and_back(
    page: Page, system: System, tmp_path: Path
) -> None:
    page.set_viewport_size(TELEPHONE)
    page.goto(f"{system.url}/danh-muc")
    page.get_by_label("Tìm tên").fill("18008098")
    page.get_by_role("button", name="Đường truyền 1").click()
    page.get_by_role("heading", name="UBND xã Kim Xá", exact=True).wait_for()
    page.get_by_role("link", name="18008098").wait_for()
    assert page.get_by_role("tree").count() == 0 or not page.get_by_role("tree").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    shoot(page, tmp_path / "phone.png")
    page.get_by_role("link", name="Danh sách").click()
    expect(page.get_by_label("Tìm tên")).to_be_visible()
