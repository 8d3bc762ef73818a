"""Import with a dry run, and export.

No `from __future__ import annotations` here: FastAPI reads the annotations of the routes.
"""

import asyncio
import logging
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from collector.accounts.rights import Action
from collector.directory import importing
from collector.directory.changes import Change
from collector.directory.files.sheet import MAX_BYTES, Sheet
from collector.directory.importing import Plan
from collector.directory.nouns import NOUNS
from collector.http import directory_problems
from collector.http.directory_answers import answer
from collector.http.directory_desk import Acting, Desk, Requires
from collector.http.directory_history import NounName
from collector.http.directory_plans import PlanShown, carry_out
from collector.http.directory_problems import responses
from collector.http.problems import ProblemError, malformed
from collector.http.uploads import FORM, PackedError, read_upload

logger = logging.getLogger(__name__)

CSV = "text/csv"
YAML = "application/yaml"
_SUFFIXES = {".csv": CSV, ".yaml": YAML, ".yml": YAML}
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
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "contentMediaType": CSV, "description": ".csv, .yaml"}},
                }
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
        sheet = await _read_sheet(desk, request, noun)

        def make(acting: Acting) -> Plan:
            held = {noun} if noun is not None else {row.noun for row in sheet.rows}
            hidden = acting.sight.hidden_telephones()
            return importing.plan(acting.session, sheet, remove=sorted(held) if remove else (), hidden=hidden)

        return answer(request, await carry_out(desk, request, dry_run, make))


async def _read_sheet(desk: Desk, request: Request, noun: str | None) -> Sheet:
    try:
        upload = await read_upload(request, MAX_BYTES)
    except ProblemError as error:
        if error.status == 413 or isinstance(error, PackedError):
            await _write_down(desk, request, error.status)
        raise
    kind = _SUFFIXES.get(upload.suffix) or upload.media_type
    if kind == CSV and noun is None:
        raise directory_problems.wrong_format(
            "Với CSV cần thêm ?noun=…, ví dụ noun=sites.", "A CSV needs ?noun=… too, say noun=sites."
        )
    if kind != CSV and kind not in _YAML_NAMES:
        raise directory_problems.wrong_format(
            f"Content-Type phải là {CSV} hoặc {YAML}, hoặc {FORM} với một tệp .csv, .yaml.",
            f"Content-Type must be {CSV} or {YAML}, or {FORM} with a file .csv or .yaml.",
        )
    # A large file takes a while to read; the hub must not stand still meanwhile.
    if kind == CSV:
        return await asyncio.to_thread(importing.read_csv, noun or "", upload.content)
    return await asyncio.to_thread(importing.read_yaml, upload.content)


async def _write_down(desk: Desk, request: Request, status: int) -> None:
    """Nobody sends such a file by mistake often: who did stays on record."""
    reason = "too large" if status == 413 else "compressed"

    def tell(acting: Acting) -> tuple[None, list[Change]]:
        logger.warning("x import by %s from %s: %s", acting.actor, acting.address, reason)
        acting.tell("directory.import_refused", reason)
        return None, []

    await desk.change(request, tell)


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
