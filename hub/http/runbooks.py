"""/huong-dan/NAME: the runbook of an alert, as a page that works on a telephone without signing in."""

from __future__ import annotations

import re
from html import escape

from fastapi import APIRouter, HTTPException
from markdown_it import MarkdownIt
from starlette.responses import HTMLResponse

from exporters.rules.render import RUNBOOK_PATH
from exporters.rules.runbooks import files
from hub.http.rights import public

_LINK = re.compile(r"\]\((\w+)\.md\)")
_PAGE = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Thông Suốt</title>
<link rel="stylesheet" href="/hop/static/theme.css">
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def router() -> APIRouter:
    """Pages are the product's own words and the same for all; nothing of this hub is in them."""
    routes = APIRouter(include_in_schema=False)
    render = MarkdownIt("js-default", {"html": False})
    pages = {
        name.removesuffix(".md"): _PAGE.format(
            title=escape(name.removesuffix(".md")), body=render.render(_LINK.sub(rf"]({RUNBOOK_PATH}/\1)", text))
        )
        for name, text in files()
    }

    @routes.get(RUNBOOK_PATH)
    @public("how to handle alerts: the product's own words, nothing of this hub")
    async def index() -> HTMLResponse:
        return HTMLResponse(pages["README"])

    @routes.get(f"{RUNBOOK_PATH}/{{name}}")
    @public("how to handle an alert: the product's own words, nothing of this hub")
    async def page(name: str) -> HTMLResponse:
        if name not in pages:
            raise HTTPException(404, f"Không có hướng dẫn {name!r}. / There is no runbook of that name.")
        return HTMLResponse(pages[name])

    return routes
