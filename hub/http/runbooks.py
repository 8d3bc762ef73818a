"""/huong-dan/NAME: the runbook of an alert, as a page that works on a telephone without signing in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from fastapi import APIRouter, HTTPException
from starlette.responses import HTMLResponse

from exporters.rules.catalogue import alerts
from exporters.rules.render import RUNBOOK_PATH
from exporters.rules.rule import Alert, Text
from exporters.rules.runbooks import SEVERITIES
from hub.http.rights import public

_TEMPLATE = re.compile(r"\s*\{\{[^}]*\}\}")
_STATES = {"critical": "bad", "warning": "weak", "none": "good"}
_WORDS = {"critical": "Nghiêm trọng", "warning": "Cần chú ý", "none": "Không phải sự cố"}
_PAGE = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Thông Suốt</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/hop/static/theme.css">
<link rel="stylesheet" href="/static/runbook.css">
</head>
<body>
<header class="runbook-bar"><a href="/"><img src="/static/icon.svg" alt="" width="28" height="28">Thông Suốt</a>{above}</header>
<main class="page runbook">
{body}
</main>
</body>
</html>
"""  # noqa: E501 - a page as it is sent


def router() -> APIRouter:
    """Pages are the product's own words and the same for all; nothing of this hub is in them."""
    routes = APIRouter(include_in_schema=False)
    listed = list(alerts())
    pages = {one.name: _page(one) for one in listed}
    first = _index(listed)

    @routes.get(RUNBOOK_PATH)
    @public("how to handle alerts: the product's own words, nothing of this hub")
    async def index() -> HTMLResponse:
        return HTMLResponse(first)

    @routes.get(f"{RUNBOOK_PATH}/{{name}}")
    @public("how to handle an alert: the product's own words, nothing of this hub")
    async def page(name: str) -> HTMLResponse:
        if name not in pages:
            raise HTTPException(404, f"Không có hướng dẫn {name!r}. / There is no runbook of that name.")
        return HTMLResponse(pages[name])

    return routes


def title_of(summary: str) -> str:
    """The summary of an alert without what stands for one line or machine."""
    words = " ".join(_TEMPLATE.sub(" …", summary).split())
    return re.sub(r"… \(…\)", "…", words.replace("( ", "("))


def _page(alert: Alert) -> str:
    title = title_of(alert.summary.vi)
    body = (
        f'<p class="state" data-state="{_STATES[alert.severity]}">{_WORDS[alert.severity]}</p>'
        f"<h1>{escape(title)}</h1>"
        f"<p>{escape(alert.meaning.vi)}</p>"
        f'<section class="card"><h2>Việc làm đầu tiên</h2>{_steps(step.vi for step in alert.steps)}</section>'
        f"<h2>Nguyên nhân thường gặp</h2><p>{escape(alert.causes.vi)}</p>"
        f"<h2>Gọi ai</h2><p>{escape(alert.call.vi)}</p>"
        f'<details lang="en"><summary>English</summary><h2>{escape(title_of(alert.summary.en))}</h2>'
        f"<p>{escape(alert.meaning.en)}</p><p>{escape(_severity(alert).en)}.</p>"
        f"<h3>First steps</h3>{_steps(step.en for step in alert.steps)}"
        f"<h3>Usual causes</h3><p>{escape(alert.causes.en)}</p>"
        f"<h3>Whom to call</h3><p>{escape(alert.call.en)}</p></details>"
        f"<details><summary>Dành cho quản trị viên: quy tắc {escape(alert.name)}</summary>"
        f"<p>Báo sau {escape(alert.hold)} liên tục. / Said after {escape(alert.hold)} without a break.</p>"
        f'<pre tabindex="0"><code>{escape(alert.expr)}</code></pre></details>'
    )
    above = f'<a href="{RUNBOOK_PATH}">Mọi hướng dẫn</a>'
    return _PAGE.format(title=escape(title), body=body, above=above)


def _index(listed: Iterable[Alert]) -> str:
    rows = "".join(
        f'<li><a href="{RUNBOOK_PATH}/{alert.name}">{escape(title_of(alert.summary.vi))}</a>'
        f'<span class="state" data-state="{_STATES[alert.severity]}">{_WORDS[alert.severity]}</span>'
        f"<p>{escape(alert.meaning.vi)}</p></li>"
        for alert in listed
    )
    body = (
        "<h1>Hướng dẫn xử lý cảnh báo</h1>"
        '<p class="soft">Mỗi cảnh báo một trang: nghĩa là gì, làm gì trước, gọi ai. '
        '<span lang="en">One page for each alert; English on each page.</span></p>'
        f'<ul class="runbooks">{rows}</ul>'
    )
    return _PAGE.format(title="Hướng dẫn xử lý cảnh báo", body=body, above="")


def _steps(steps: Iterable[str]) -> str:
    return f"<ol>{''.join(f'<li>{escape(step)}</li>' for step in steps)}</ol>"


def _severity(alert: Alert) -> Text:
    return SEVERITIES[alert.severity]
