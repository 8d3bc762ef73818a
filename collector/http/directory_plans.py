"""What an import, a preset or a merger would change, or has changed, and the one way to carry it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from collector.directory import importing
from collector.directory.changes import Change
from collector.directory.files.sheet import BadCell
from collector.directory.importing import Plan
from collector.http import directory_problems
from collector.http.directory_desk import Acting, Desk
from collector.http.directory_history import FieldShown, done, fields_shown

MAX_SHOWN = 500


class CountsShown(BaseModel):
    added: int
    changed: int
    removed: int
    unchanged: int


class CellShown(BaseModel):
    """`line` counts from 1 as an editor shows it; 0: not of one line. `vi` and `en`: why."""

    noun: str
    line: int
    column: str
    value: str
    vi: str
    en: str


class AlterationShown(BaseModel):
    noun: str
    key: str
    done: Literal["added", "changed", "removed"]
    fields: list[FieldShown]


class PlanShown(BaseModel):
    """What was done, or would be. A plan with bad rows is never done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dry_run": True, "encoding": "utf-8", "batch": None,
                    "counts": {"sites": {"added": 0, "changed": 1, "removed": 0, "unchanged": 28}},
                    "alterations": [
                        {
                            "noun": "sites", "key": "xa-kim-xa", "done": "changed",
                            "fields": [{"field": "place", "before": "", "after": "tủ mạng tầng 2"}],
                        }
                    ],
                    "left_out": 0,
                    "bad": [
                        {
                            "noun": "units", "line": 7, "column": "code", "value": "9076",
                            "vi": "9076: mất số 0 ở đầu?", "en": "9076: leading zeros lost?",
                        }
                    ],
                    "warnings": [],
                }
            ]
        }
    )  # fmt: skip

    dry_run: bool
    encoding: str = Field(description="how the file was read: utf-8, utf-16, cp1258")
    batch: str | None = Field(description="to undo it all; null when nothing was written")
    counts: dict[str, CountsShown] = Field(description="by noun")
    alterations: list[AlterationShown] = Field(description=f"at most {MAX_SHOWN}")
    left_out: int = Field(description="how many more alterations there are")
    bad: list[CellShown]
    warnings: list[CellShown]


def plan_shown(wanted: Plan, dry_run: bool, made: list[Change]) -> PlanShown:
    shown = wanted.alterations[:MAX_SHOWN]
    return PlanShown(
        dry_run=dry_run,
        encoding=wanted.encoding,
        batch=made[0].batch if made else None,
        counts={
            noun: CountsShown(added=one.added, changed=one.changed, removed=one.removed, unchanged=one.unchanged)
            for noun, one in importing.summarise(wanted).items()
        },
        alterations=[
            AlterationShown(noun=one.noun, key=one.key, done=done(one), fields=fields_shown(one)) for one in shown
        ],
        left_out=len(wanted.alterations) - len(shown),
        bad=[_cell(one) for one in wanted.bad[:MAX_SHOWN]],
        warnings=[_cell(one) for one in wanted.warnings[:MAX_SHOWN]],
    )


def _cell(one: BadCell) -> CellShown:
    return CellShown(
        noun=one.noun, line=one.line, column=one.column, value=one.value, vi=one.message.vi, en=one.message.en
    )


async def carry_out(desk: Desk, request: Request, dry_run: bool, make: Callable[[Acting], Plan]) -> PlanShown:
    """The same plan for the dry run and the real one. Raises ProblemError 422 instead of writing a bad one."""
    if dry_run:
        return await desk.read(request, lambda acting: plan_shown(make(acting), True, []))

    def work(acting: Acting) -> tuple[PlanShown, list[Change]]:
        wanted = make(acting)
        if wanted.bad:
            raise directory_problems.bad_rows(wanted.bad)
        acting.sight.require_writable(wanted.draft)
        made = importing.carry_out(wanted, actor=acting.actor, now=acting.now)
        return plan_shown(wanted, False, made), made

    return await desk.change(request, work)
