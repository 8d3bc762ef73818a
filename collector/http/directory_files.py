"""Import with a dry run, and export.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.rights import Action
from collector.directory import importing
from collector.directory.files.sheet import MAX_BYTES, Sheet
from collector.directory.importing import Plan
from collector.directory.nouns import NOUNS
from collector.http import directory_problems
from collector.http.directory_answers import answer
from collector.http.directory_desk import Acting, Desk, Requires
from collector.http.directory_history import NounName
from collector.http.directory_plans import PlanShown, carry_out
from collector.http.directory_problems import responses
from collector.http.problems import malformed
from collector.http.requests import read_body

CSV = "text/csv"
YAML = "application/yaml"
_YAML_NAMES = (YAML, "text/yaml", "application/x-yaml", "text/x-yaml")

DryRun = Annotated[bool, Query(description="only show what would change; false: do it")]


def add_file_routes(router: APIRouter, desk: Desk, requires: Requires) -> None:
    _add_import(router, desk, requires)
    _add_export(router, desk, requires)


def _add_import(router: APIRouter, desk: Desk, requires: Requires) -> None:
    body: dict[str, Any] = {
        "required": True,
        "content": {
            CSV: {
                "schema": {"type": "string"},
                "example": "code,name,unit\nxa-kim-xa,UBND xã Kim Xá,09079@2025-07-01\n",
            },
            YAML: {
                "schema": {"type": "string"},
                "example": 'people:\n- name: "Nguyễn Văn An"\n  site: xa-kim-xa\n',
            },
        },
    }

    @router.post(
        "/import",
        response_model=PlanShown,
        summary="Lay a CSV (one noun) or YAML (any) over the directory; a dry run unless told otherwise",
        responses=responses(400, 408, 409, 413, 415),
        operation_id="import_directory",
        openapi_extra={"requestBody": body},
    )
    @requires(Action.WRITE_DIRECTORY, everywhere=True)
    async def take_in(
        request: Request,
        noun: Annotated[NounName | None, Query(description="what the CSV holds")] = None,
        dry_run: DryRun = True,
        remove: Annotated[
            bool, Query(description="remove what the file does not name, of the nouns it holds")
        ] = False,
    ) -> Response:
        sheet = await _read_sheet(request, noun)

        def make(acting: Acting) -> Plan:
            held = {noun} if noun is not None else {row.noun for row in sheet.rows}
            hidden = acting.sight.hidden_telephones()
            return importing.plan(acting.session, sheet, remove=sorted(held) if remove else (), hidden=hidden)

        return answer(request, await carry_out(desk, request, dry_run, make))


async def _read_sheet(request: Request, noun: str | None) -> Sheet:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise directory_problems.wrong_format("Hãy gửi tệp không nén.", "Send the file as it is, not compressed.")
    if kind == CSV and noun is None:
        raise directory_problems.wrong_format(
            "Với CSV cần thêm ?noun=…, ví dụ noun=sites.", "A CSV needs ?noun=… too, say noun=sites."
        )
    if kind != CSV and kind not in _YAML_NAMES:
        raise directory_problems.wrong_format(
            f"Content-Type phải là {CSV} hoặc {YAML}.", f"Content-Type must be {CSV} or {YAML}."
        )
    content = await read_body(request, MAX_BYTES)
    # A large file takes a while to read; the hub must not stand still meanwhile.
    if kind == CSV:
        return await asyncio.to_thread(importing.read_csv, noun or "", content)
    return await asyncio.to_thread(importing.read_yaml, content)


def _add_export(router: APIRouter, desk: Desk, requires: Requires) -> None:
    found: dict[int | str, dict[str, Any]] = {
        200: {
            "content": {
                CSV: {"schema": {"type": "string"}, "example": "code,name\nxa-kim-xa,UBND xã Kim Xá\n"},
                YAML: {
                    "schema": {"type": "object"},
                    "example": {"sites": [{"code": "xa-kim-xa", "name": "UBND xã Kim Xá"}]},
                },
            }
        }
    }

    @router.get(
        "/export",
        response_class=Response,
        summary="One noun as CSV, or all as YAML: what import takes back without a difference",
        responses={**responses(400), **found},
        operation_id="export_directory",
    )
    @requires(Action.READ_DIRECTORY, everywhere=True)
    async def export(
        request: Request,
        noun: Annotated[NounName | None, Query(description="only this noun; a CSV needs it")] = None,
        format: Literal["csv", "yaml"] = "yaml",  # noqa: A002 - the word of the address
        delimiter: Annotated[Literal["comma", "semicolon", "tab"], Query(description="of a CSV")] = "comma",
    ) -> Response:
        if format == "csv" and noun is None:
            raise malformed("Với CSV cần ?noun=…. / A CSV needs ?noun=….")
        sign = {"comma": ",", "semicolon": ";", "tab": "\t"}[delimiter]

        def read(acting: Acting) -> str:
            hidden = acting.sight.hidden_telephones()
            if format == "csv":
                return importing.export_csv(acting.session, noun or "", hidden=hidden, delimiter=sign)
            return importing.export_yaml(acting.session, [noun] if noun else list(NOUNS), hidden=hidden)

        content = await desk.read(request, read)
        name = f"{noun or 'directory'}.{format}"
        return Response(
            content.encode(),
            media_type=f"{CSV if format == 'csv' else YAML}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )
