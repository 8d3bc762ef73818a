"""Which changes the view must be read again for: exactly those that it shows."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from collector.directory import editing, load_view
from collector.directory.draft import Draft
from collector.directory.view import VIEWED, is_viewed

TODAY = date(2019, 6, 1)
TEXTS = {
    "units": {"name": "Xã khác", "kind": "xa"},
    "sites": {"name": "Tên khác", "place": "Tủ B2", "address": "Số 1", "hours": "sang", "valid_to": "2019-01-01",
              "latitude": "21.2", "longitude": "105.4"},
    "lines": {"name": "Tên khác", "provider": "VNPT", "network": "government", "contract_download_mbits": "100",
              "contract_upload_mbits": "50", "contract_number": "HD-1", "hotline": "18001091",
              "valid_to": "2019-01-01"},
}  # fmt: skip


@pytest.mark.parametrize(("noun", "field"), [(noun, field) for noun, given in TEXTS.items() for field in given])
def test_a_field_is_viewed_when_the_view_differs(district: Session, noun: str, field: str) -> None:
    before = load_view(district, TODAY)
    site = before.sites[0].site
    draft = Draft(district)
    unit = str((draft.get("sites", site) or {})["unit"])
    key = {"units": unit, "sites": site, "lines": f"{site}-1"}[noun]
    # One of the two is not given without the other.
    both = ("latitude", "longitude") if field in ("latitude", "longitude") else (field,)
    editing.update(draft, noun, key, {name: TEXTS[noun][name] for name in both})
    (change, *others) = editing.commit(draft, actor="lan", now=1.0)
    assert others == []
    assert is_viewed(change) == (field in VIEWED[noun])
    assert (load_view(district, TODAY) != before) == is_viewed(change)


def test_what_is_added_or_removed_is_viewed_and_a_person_is_not(district: Session) -> None:
    draft = Draft(district)
    editing.create(draft, "sites", {"code": "moi", "name": "Điểm mới"})
    editing.create(draft, "people", {"code": "lan", "name": "Lan"})
    made = {change.noun: is_viewed(change) for change in editing.commit(draft, actor="lan", now=1.0)}
    assert made == {"sites": True, "lines": True, "people": False}
    draft = Draft(district)
    editing.remove(draft, "sites", "moi")
    assert all(map(is_viewed, editing.commit(draft, actor="lan", now=2.0)))
