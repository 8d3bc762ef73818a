"""Communes merge: sites move and keep their past; a report can be asked for by the old unit or the new."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from collector import directory, presets
from collector.directory import editing, importing, undoing
from collector.directory.belonging import sites_of, unit_on
from collector.directory.draft import Draft
from collector.directory.failure import RefusedError, UnknownError
from collector.directory.merging import merge
from tests.collector.directory.conftest import load

DAY = date(2025, 7, 1)
BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)
NEW = {"code": "09079", "name": "Vĩnh An", "kind": "xa"}
OLD = ["09079@2019-09-01", "09082@2019-09-01", "09085@2019-09-01"]


def merged(session: Session) -> str:
    """Vĩnh An of Kim Xá, Yên Bình and Chấn Hưng; the batch."""
    draft = Draft(session)
    assert merge(draft, OLD, NEW, DAY) == "09079@2025-07-01"
    return editing.commit(draft, actor="lan", now=2.0)[0].batch


def sites(session: Session, unit: str, on: date) -> dict[str, str]:
    draft = Draft(session)
    return {one.site: one.unit for one in sites_of(draft.every("units"), draft.every("sites"), unit, on)}


def test_old_units_end_with_a_successor_and_the_code_goes_to_the_new_one(district: Session) -> None:
    merged(district)
    draft = Draft(district)
    for key in OLD:
        unit = draft.get("units", key)
        assert unit is not None
        assert (unit["valid_to"], unit["successor"]) == ("2025-07-01", "09079@2025-07-01")
    assert [unit["name"] for unit in draft.units_of_code("09079")] == ["Kim Xá", "Vĩnh An"]


def test_sites_move_and_keep_their_past(district: Session) -> None:
    merged(district)
    site = Draft(district).get("sites", "xa-yen-binh")
    assert site is not None
    assert (site["unit"], site["past"]) == ("09079@2025-07-01", [{"unit": "09082@2019-09-01", "until": "2025-07-01"}])
    assert (unit_on(site, BEFORE), unit_on(site, AFTER)) == ("09082@2019-09-01", "09079@2025-07-01")
    names = {one.site: one.unit for one in directory.load_view(district, BEFORE).sites}
    assert names["xa-yen-binh"] == "Yên Bình"
    names = {one.site: one.unit for one in directory.load_view(district, AFTER).sites}
    assert names["xa-yen-binh"] == "Vĩnh An"


@pytest.mark.parametrize(
    ("unit", "on", "expected"),
    [
        ("09079@2025-07-01", AFTER, {"xa-kim-xa", "xa-yen-binh", "xa-chan-hung"}),
        ("09079@2025-07-01", BEFORE, {"xa-kim-xa", "xa-yen-binh", "xa-chan-hung"}),
        ("09082@2019-09-01", BEFORE, {"xa-yen-binh"}),
        ("09082@2019-09-01", AFTER, {"xa-yen-binh"}),
        ("09079@2019-09-01", AFTER, {"xa-kim-xa"}),
        ("09082@2019-09-01", date(2000, 1, 1), set()),
    ],
)
def test_a_report_is_asked_for_by_the_old_unit_or_the_new(
    district: Session, unit: str, on: date, expected: set[str]
) -> None:
    merged(district)
    assert set(sites(district, unit, on)) == expected


def test_the_unit_of_each_site_is_the_one_of_that_day(district: Session) -> None:
    merged(district)
    assert sites(district, "09079@2025-07-01", BEFORE)["xa-yen-binh"] == "09082@2019-09-01"
    assert sites(district, "09079@2025-07-01", AFTER)["xa-yen-binh"] == "09079@2025-07-01"


def test_a_site_of_later_is_no_site_of_the_old_unit(district: Session) -> None:
    merged(district)
    draft = Draft(district)
    editing.create(draft, "sites", {"code": "moi", "name": "Trung tâm hành chính công", "unit": "09079"})
    editing.commit(draft, actor="lan", now=3.0)
    assert "moi" in sites(district, "09079@2025-07-01", AFTER)
    assert "moi" not in sites(district, "09079@2019-09-01", AFTER)


def test_a_second_merger_goes_on_from_the_first(district: Session) -> None:
    merged(district)
    draft = Draft(district)
    merge(
        draft,
        ["09079@2025-07-01", "09088@2019-09-01"],
        {"code": "99999", "name": "C", "kind": "xa"},
        date(2030, 1, 1),
    )
    editing.commit(draft, actor="lan", now=3.0)
    site = Draft(district).get("sites", "xa-kim-xa")
    assert site is not None
    assert [past["until"] for past in site["past"]] == ["2025-07-01", "2030-01-01"]
    assert set(sites(district, "99999@2030-01-01", BEFORE)) == {
        "xa-kim-xa", "xa-yen-binh", "xa-chan-hung", "xa-nghia-hung",
    }  # fmt: skip
    assert sites(district, "99999@2030-01-01", BEFORE)["xa-kim-xa"] == "09079@2019-09-01"


def test_a_unit_may_take_others_in_and_go_on(district: Session) -> None:
    draft = Draft(district)
    merge(draft, ["09076@2019-09-01", "09118@2019-09-01"], "09076@2019-09-01", DAY)
    editing.commit(draft, actor="lan", now=2.0)
    unit = Draft(district).get("units", "09076@2019-09-01")
    assert unit is not None
    assert (unit["valid_to"], unit["successor"]) == (None, None)
    assert set(sites(district, "09076@2019-09-01", AFTER)) == {"tt-vinh-tuong", "xa-binh-duong"}
    assert set(sites(district, "09076@2019-09-01", BEFORE)) == {"tt-vinh-tuong"}


def test_what_lies_below_goes_on_below_the_new_unit_and_the_old_tree_stays(district: Session) -> None:
    draft = Draft(district)
    merge(draft, ["252@2019-09-01"], {"code": "260", "name": "Huyện mới", "kind": "huyen"}, DAY)
    editing.commit(draft, actor="lan", now=2.0)
    units = Draft(district).every("units")
    assert units["09079@2019-09-01"]["parent"] == "252@2019-09-01"
    assert units["09079@2025-07-01"]["parent"] == "260@2025-07-01"
    for unit in ("252@2019-09-01", "260@2025-07-01"):
        for on in (BEFORE, AFTER):
            assert len(sites(district, unit, on)) == 29


def test_a_merger_is_taken_back_as_one(district: Session) -> None:
    before = Draft(district).every("units"), Draft(district).every("sites")
    undoing.undo_batch(district, merged(district), actor="lan", now=3.0)
    assert (Draft(district).every("units"), Draft(district).every("sites")) == before


@pytest.mark.parametrize(
    ("old", "into", "on", "vi"),
    [
        (["09079@2019-09-01"], NEW, date(2018, 9, 1), "bắt đầu từ ngày đó hoặc muộn hơn"),
        (["09082@2019-09-01"], NEW, date(2019, 9, 1), "Đã có Kim Xá với mã này"),
        (["09079@2019-09-01"], "09079@2019-09-01", DAY, "ít nhất một đơn vị cũ"),
        (["09079@2019-09-01"], {"code": "9079", "name": "Vĩnh An", "kind": "xa"}, DAY, "mất số 0"),
        (["09079@2019-09-01"], {"code": "09079", "kind": "xa"}, DAY, "Thiếu «Tên»"),
    ],
)
def test_a_merger_that_cannot_be_is_refused(
    district: Session, old: list[str], into: str | dict[str, str], on: date, vi: str
) -> None:
    with pytest.raises(RefusedError) as error:
        merge(Draft(district), old, into, on)
    assert vi in error.value.problems[0].message.vi


def test_an_unknown_unit_is_said_to_be_unknown(district: Session) -> None:
    with pytest.raises(UnknownError):
        merge(Draft(district), ["1@2019-09-01"], NEW, DAY)


def test_the_presets_are_the_real_district_and_what_it_became(session: Session) -> None:
    assert [one.name for one in presets.presets()] == ["huyen-2019", "tinh-2025"]
    load(session, "huyen-2019")
    draft = Draft(session)
    assert len(draft.every("units")) == 30
    assert {unit["kind"] for unit in draft.every("units").values()} == {"huyen", "xa", "thi-tran"}
    assert len(draft.every("sites")) == 29
    load(session, "tinh-2025", now=2.0)
    units = Draft(session).every("units")
    old = [unit for unit in units.values() if unit["valid_from"] == "2019-09-01"]
    assert {unit["valid_to"] for unit in old} == {"2025-07-01"}
    assert [unit["code"] for unit in old if unit["successor"] is None] == ["252"]
    assert len(sites(session, "25@2025-07-01", AFTER)) == 29
    assert len(sites(session, "25@2025-07-01", BEFORE)) == 29
    assert set(sites(session, "09079@2025-07-01", BEFORE)) == {"xa-kim-xa", "xa-yen-binh", "xa-chan-hung"}
    assert importing.summarise(presets.plan(session, "tinh-2025"))["units"].unchanged == 7


def test_the_province_alone_is_loaded_into_an_empty_hub(session: Session) -> None:
    load(session, "tinh-2025")
    assert len(Draft(session).every("units")) == 7
    with pytest.raises(UnknownError):
        presets.plan(session, "tinh-1975")
    overlapping = presets.plan(session, "huyen-2019")
    assert "Cùng lúc mã này thuộc về" in overlapping.bad[0].message.vi
