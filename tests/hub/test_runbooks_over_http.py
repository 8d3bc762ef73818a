"""The runbook that an alert's link leads to."""

from __future__ import annotations

import re

import pytest

from exporters.rules import alerts
from hub.http.runbooks import title_of
from tests.hub.hub_app import HubApp


async def test_every_alert_has_a_page_that_needs_no_signing_in(hub: HubApp) -> None:
    client = hub.client()
    for alert in alerts():
        answer = await client.get(f"/huong-dan/{alert.name}")
        assert answer.status_code == 200
        assert f"quy tắc {alert.name}</summary>" in answer.text
        assert "<h2>Việc làm đầu tiên</h2><ol><li>" in answer.text
        (title,) = re.findall("<h1>(.*)</h1>", answer.text)
        assert title
        assert "{{" not in answer.text.partition("<pre")[0]


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        ("Đường truyền {{ $labels.line }} mất kết nối", "Đường truyền … mất kết nối"),
        ("Thiết bị {{ $labels.a }} ở {{ $labels.b }} không trả lời", "Thiết bị … ở … không trả lời"),
        ("{{ $value }} địa điểm", "… địa điểm"),
        ("Máy {{ $labels.a }} ({{ $labels.b }})", "Máy …"),
    ],
)
def test_the_title_names_no_line_or_machine(summary: str, title: str) -> None:
    assert title_of(summary) == title


async def test_a_page_stands_under_the_strict_policy(hub: HubApp) -> None:
    answer = await hub.client().get("/huong-dan/LineDown")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert re.search(r"<script|style=|\son\w+=", answer.text) is None


async def test_the_list_leads_to_every_page(hub: HubApp) -> None:
    text = (await hub.client().get("/huong-dan")).text
    for alert in alerts():
        assert f'href="/huong-dan/{alert.name}"' in text


async def test_an_alert_that_is_not_there_is_not_found_and_echoes_nothing(hub: HubApp) -> None:
    answer = await hub.client().get("/huong-dan/<script>alert(1)")
    assert answer.status_code == 404
    assert "text/html" not in answer.headers["content-type"]
