"""What an official does at the door of a meeting."""

from __future__ import annotations

from playwright.sync_api import Page


def enter(page: Page, link: str, name: str) -> None:
    """Open the link, say the bridge point's name, press the one big button; returns inside the meeting."""
    page.goto(link)
    page.get_by_label("Tên điểm cầu").fill(name)
    page.get_by_role("button", name="Vào họp").click()
    page.wait_for_function("() => window.thongsuot?.call?.media.connection?.connectionState === 'connected'")
