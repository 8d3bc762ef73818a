"""The month's report of lines, as JSON, CSV, XLSX and a page to print: only of sites that the caller may see."""

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, HTTPException, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from collector.accounts.rights import Action
from collector.quality.profile import shipped
from collector.reports import csv_file, page, xlsx_file
from collector.reports.model import MonthReport
from collector.reports.months import days_of
from hub.http.principal import principal_of
from hub.http.reports_example import EXAMPLE
from hub.http.rights import requires
from hub.http.rights_tree import Places

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_AT_ONCE = 2

Month = Annotated[str, Path(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="YYYY-MM", examples=["2026-09"])]
Unit = Annotated[
    str | None,
    Query(
        max_length=64,
        description="key of a unit (CODE@YYYY-MM-DD): only its sites; an ended unit stands for the sites it had",
    ),
]
Provider = Annotated[str | None, Query(max_length=64, description="only its lines")]
Line = Annotated[str | None, Query(max_length=64, description="code of a line: only that one")]


class Reports(Protocol):
    """What the routes ask of the collector."""

    async def month_report(
        self, month: str, sites: Iterable[str], provider: str | None = None, line: str | None = None, title: str = ""
    ) -> MonthReport: ...

    async def sites_of_unit(self, unit: str, on: date) -> tuple[str, list[str]]: ...


def router(reports: Reports, places: Places) -> APIRouter:
    routes = APIRouter(tags=["reports"])
    at_once = asyncio.Semaphore(MOST_AT_ONCE)

    async def made(
        request: Request, month: str, unit: str | None, provider: str | None, line: str | None
    ) -> MonthReport:
        principal, tree = principal_of(request), await places.tree()
        sites, title = list(tree.sites), ""
        if unit is not None:
            last = days_of(month)[1] - timedelta(days=1)
            try:
                title, sites = await reports.sites_of_unit(unit, last)
            except KeyError:
                raise HTTPException(404, f"Không có đơn vị {unit!r}. / There is no unit {unit!r}.") from None
        visible = [site for site in sites if principal.may_at_site(Action.SEE_BOARD, site, tree)]
        async with at_once:
            found = await reports.month_report(month, visible, provider, line, title)
        if line is not None and not found.lines:
            raise HTTPException(404, f"Không có đường truyền {line!r}. / There is no line {line!r}.")
        return found

    @routes.get(
        "/api/v1/reports/{month}",
        summary="Quality of lines over a month: figures, limits, days, outages",
        responses={200: {"content": {"application/json": {"example": EXAMPLE}}}},
    )
    @requires(Action.SEE_BOARD)
    async def month_report(
        request: Request, month: Month, unit: Unit = None, provider: Provider = None, line: Line = None
    ) -> MonthReport:
        return await made(request, month, unit, provider, line)

    @routes.get(
        "/api/v1/reports/{month}/{table}.csv",
        summary="One table of a month's report as CSV",
        response_class=Response,
        responses=_content(CSV, "Mã đường truyền / Line,Tên / Name\r\nxa-kim-xa-1,Đường truyền 1\r\n"),
    )
    @requires(Action.SEE_BOARD)
    async def csv(
        request: Request,
        month: Month,
        table: Literal["lines", "providers", "outages"],
        unit: Unit = None,
        provider: Provider = None,
        line: Line = None,
    ) -> Response:
        found = await made(request, month, unit, provider, line)
        content = await asyncio.to_thread(csv_file.write, found, table)
        return _file(content, f"{CSV}; charset=utf-8", f"bao-cao-{month}-{table}.csv")

    @routes.get(
        "/api/v1/reports/{month}/report.xlsx",
        summary="A month's report as a workbook with charts",
        response_class=Response,
        responses=_content(XLSX, "PK…", {"type": "string", "format": "binary"}),
    )
    @requires(Action.SEE_BOARD)
    async def xlsx(
        request: Request, month: Month, unit: Unit = None, provider: Provider = None, line: Line = None
    ) -> Response:
        found = await made(request, month, unit, provider, line)
        return _file(await asyncio.to_thread(xlsx_file.write, found), XLSX, f"bao-cao-{month}.xlsx")

    @routes.get(
        "/bao-cao/{month}",
        summary="A month's report as a page to print",
        response_class=HTMLResponse,
        responses=_content("text/html", "<!doctype html>…"),
    )
    @requires(Action.SEE_BOARD)
    async def printed(
        request: Request, month: Month, unit: Unit = None, provider: Provider = None, line: Line = None
    ) -> HTMLResponse:
        found = await made(request, month, unit, provider, line)
        content = await asyncio.to_thread(page.render, found, shipped().limits)
        return HTMLResponse(content, headers={"Cache-Control": "no-store"})

    return routes


def _content(kind: str, example: str, schema: dict[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {"schema": schema or {"type": "string"}, "example": example}}}}


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
