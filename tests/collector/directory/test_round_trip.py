"""What is exported is imported without a difference: the real district, and any directory at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from collector.directory import editing, importing
from collector.directory.draft import Draft
from collector.directory.failure import RefusedError
from collector.directory.files.sheet import Sheet
from collector.directory.importing import Plan, Summary, summarise
from collector.directory.kinds import clean
from collector.directory.nouns import NOUNS, Noun, State
from collector.tables import Line, metadata
from tests.collector.directory.conftest import load


def taken_in(session: Session, *sheets: Sheet) -> list[Plan]:
    """Each written; none may have a bad row."""
    found = []
    for sheet in sheets:
        plan = importing.plan(session, sheet)
        assert plan.bad == []
        importing.carry_out(plan, actor="lan", now=3.0)
        found.append(plan)
    return found


def as_csv(session: Session) -> dict[str, bytes]:
    return {noun: importing.export_csv(session, noun).encode() for noun in NOUNS}


def everything(session: Session) -> dict[str, dict[str, State]]:
    draft = Draft(session)
    return {noun: draft.every(noun) for noun in NOUNS}


def test_the_real_units_are_imported_edited_exported_and_imported_without_a_difference(district: Session) -> None:
    draft = Draft(district)
    editing.create(draft, "people", {"name": "Nguyễn Văn An", "title": "Công chức CNTT", "site": "xa-kim-xa"})
    editing.create(draft, "telephones", {"number": "+84 912 345 678", "person": "nguyen-van-an"})
    editing.update(
        draft, "sites", "xa-kim-xa", {"technician": "nguyen-van-an", "latitude": "21,33", "longitude": "105.46"}
    )
    editing.update(draft, "lines", "xa-kim-xa-1", {"provider": "VNPT", "contract_number": "VPC-HĐ-0123/2024"})
    device = {"name": "=Router", "site": "xa-kim-xa", "mac": "00-1D-AA-01-02-03", "end_of_support": "31/12/2026"}
    editing.create(draft, "devices", device)
    editing.commit(draft, actor="lan", now=2.0)
    load(district, "tinh-2025")
    before = everything(district)
    assert len(before["units"]) == 37
    for noun, content in as_csv(district).items():
        plan = importing.plan(district, importing.read_csv(noun, content), remove=[noun])
        assert (plan.alterations, plan.bad) == ([], [])
        assert sum(plan.unchanged.values()) == len(before[noun])
    plan = importing.plan(district, importing.read_yaml(importing.export_yaml(district).encode()), remove=NOUNS)
    assert (plan.alterations, plan.bad, plan.warnings) == ([], [], [])


@pytest.mark.parametrize("form", ["yaml", "csv"])
def test_an_empty_hub_takes_the_whole_directory_of_another(district: Session, tmp_path: Path, form: str) -> None:
    load(district, "tinh-2025")
    draft = Draft(district)
    editing.create(draft, "people", {"name": "An", "site": "xa-kim-xa", "unit": "09079"})
    editing.update(draft, "sites", "xa-kim-xa", {"technician": "an"})
    editing.commit(draft, actor="lan", now=2.0)
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    metadata.create_all(engine)
    with Session(engine) as other:
        if form == "yaml":
            taken_in(other, importing.read_yaml(importing.export_yaml(district).encode()))
        else:
            files = {noun: importing.read_csv(noun, content) for noun, content in as_csv(district).items()}
            # Sites name their technicians and people their sites: one file each, so the reference comes second.
            sites = files["sites"]
            for row in sites.rows:
                assert isinstance(row.texts, dict)
                row.texts.pop("technician")
            files["sites"] = Sheet("utf-8", rows=sites.rows, headings=sites.headings)
            taken_in(other, *files.values())
            taken_in(other, importing.read_csv("sites", as_csv(district)["sites"]))
        assert everything(other) == everything(district)
        assert other.scalar(select(func.count(func.distinct(Line.stamp_ssid)))) == 29
    engine.dispose()


def test_a_dry_run_says_what_would_change_field_by_field_and_changes_nothing(district: Session) -> None:
    before = everything(district)
    text = "code,name,unit,place\nxa-kim-xa,UBND xã Kim Xá,09079,phòng họp\nmoi,Điểm mới,09082,\n"
    plan = importing.plan(district, importing.read_csv("sites", text.encode()), remove=["sites"])
    assert summarise(plan)["sites"] == Summary(added=1, changed=1, removed=28, unchanged=0)
    changed = next(one for one in plan.alterations if one.before and one.after)
    assert (changed.key, changed.fields) == ("xa-kim-xa", ("place",))
    assert {one.message.en for one in plan.bad} == {
        f"The line {key}-1 still refers to it; change that first, or close this instead."
        for key in before["sites"]
        if key != "xa-kim-xa"
    }
    assert everything(district) == before


def test_columns_that_a_file_does_not_have_are_left_alone(district: Session) -> None:
    taken_in(district, importing.read_csv("sites", b"code,place\nxa-kim-xa,tu mang\n"))
    taken_in(district, importing.read_csv("sites", b"code,address\nxa-kim-xa,Thon 1\n"))
    state = Draft(district).get("sites", "xa-kim-xa")
    assert state is not None
    assert (state["place"], state["address"], state["name"]) == ("tu mang", "Thon 1", "UBND xã Kim Xá")


# Any directory: letters of all kinds, everything that fields may hold, references that exist.
WORDS = st.text(
    alphabet=st.one_of(st.sampled_from("ăđộÂ=+-@'\";,\t\n: #&*!|>%ﬁ\u200b0"), st.characters(codec="utf-8")),
    max_size=30,
)
CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat)


def value_of(noun: Noun, name: str) -> st.SearchStrategy[str]:
    field = noun.field(name)
    if field.kind.choices is not None:
        return st.sampled_from(sorted(field.kind.choices))
    match name:
        case "latitude" | "longitude":
            return st.just("")
        case "contract_download_mbits" | "contract_upload_mbits":
            return st.floats(0.01, 1e6).map(field.kind.write)
        case "hotline" | "number":
            return st.sampled_from(["18001166", "+84 211 3839 123", "(0211) 3839-123 x12"])
        case "address" if noun.name == "devices":
            return st.sampled_from(["", "10.0.0.1", "fe80::1", "rt-1.xa"])
        case "mac":
            return st.sampled_from(["", "00:1d:aa:01:02:03"])
        case "serial" | "contract_number":
            return st.one_of(WORDS, st.sampled_from(["007", "0x1F", "1e5", "=2"]))
        case "hours":
            return st.sampled_from(["", "mua-he"])
        case "end_of_support":
            return st.one_of(st.just(""), DAYS)
    if noun.name in ("units", "sites", "lines", "people") and field.required:
        return WORDS.map(lambda text: clean(text) or "x")
    return WORDS


@st.composite
def directories(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Noun → objects as text; what cannot be stored is left to the parser to refuse."""
    found: dict[str, list[dict[str, Any]]] = {}
    for noun in NOUNS.values():
        codes = draw(st.lists(CODES, max_size=3, unique=True))
        objects = []
        for code in codes:
            one = {"code": code}
            for field in noun.fields:
                if field.refers:
                    known = [other["code"] for other in found.get(field.refers, [])]
                    one[field.name] = draw(st.sampled_from(known)) if known and field.refers != noun.name else ""
                elif field.name == "valid_from":
                    one[field.name] = draw(DAYS)
                elif not field.fixed and field.name not in ("past", "valid_to"):
                    one[field.name] = draw(value_of(noun, field.name))
            objects.append(one)
        found[noun.name] = objects
    return found


@pytest.fixture(scope="module")
def one_engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('round')}/hub.db")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(objects=directories())
def test_any_directory_comes_back_as_it_went_out(one_engine: Any, objects: dict[str, list[dict[str, Any]]]) -> None:
    with Session(one_engine) as session:
        draft = Draft(session)
        for noun, many in objects.items():
            for one in many:
                if noun == "telephones" and not one["person"] and not one["site"]:
                    continue
                try:
                    editing.create(draft, noun, {name: text for name, text in one.items() if text != ""})
                except RefusedError:
                    # A line without a site, letters that look eaten: refused, and so never exported.
                    continue
        editing.commit(draft, actor="lan", now=1.0)
        for noun in NOUNS:
            for delimiter in ",;\t":
                text = importing.export_csv(session, noun, delimiter=delimiter)
                plan = importing.plan(session, importing.read_csv(noun, text.encode()), remove=[noun])
                assert (plan.alterations, plan.bad) == ([], [])
        text = importing.export_yaml(session)
        plan = importing.plan(session, importing.read_yaml(text.encode()), remove=NOUNS)
        assert (plan.alterations, plan.bad) == ([], [])
        session.rollback()
