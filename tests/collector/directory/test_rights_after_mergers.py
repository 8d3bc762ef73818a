"""Whoever was in charge of a commune stays in charge of its places after a merger, and of nothing else."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.accounts import unit_tree
from collector.accounts.rights import Action, Grant, Rights, Role
from collector.directory import editing
from collector.directory.draft import Draft
from collector.directory.merging import merge
from collector.directory.nouns import UNITS
from collector.directory.sight import NotYoursError, Sight
from collector.directory.states import find_rows
from collector.tables import Line, Site
from tests.collector.directory.test_mergers import OLD, merged

KIM_XA = OLD[0]


def technician(session: Session, unit: str) -> Rights:
    return Rights((Grant(Role.TECHNICIAN, find_rows(session, UNITS, [unit])[unit]),))


@pytest.fixture
def rights(district: Session) -> Rights:
    held = technician(district, KIM_XA)
    merged(district)
    district.flush()
    return held


def test_the_places_of_the_old_commune_are_seen_and_no_others(district: Session, rights: Rights) -> None:
    sight = Sight(district, rights)
    assert list(district.scalars(select(Site.code).where(sight.where("sites")))) == ["xa-kim-xa"]
    assert list(district.scalars(select(Line.code).where(sight.where("lines")))) == ["xa-kim-xa-1"]
    tree = unit_tree.load(district)
    in_charge = [site for site in tree.sites if rights.may(Action.OPEN_SITE_ACCESS, tree.site_path(site))]
    assert in_charge == ["xa-kim-xa"]


def test_they_are_changed_but_not_moved_away(district: Session, rights: Rights) -> None:
    draft = Draft(district)
    editing.update(draft, "sites", "xa-kim-xa", {"place": "tầng 2"})
    Sight(district, rights).require_writable(draft)
    for changes in ({"unit": "09088@2019-09-01"}, {"unit": ""}):
        draft = Draft(district)
        editing.update(draft, "sites", "xa-kim-xa", changes)
        with pytest.raises(NotYoursError):
            Sight(district, rights).require_writable(draft)
    draft = Draft(district)
    editing.update(draft, "sites", "xa-yen-binh", {"place": "tầng 2"})
    with pytest.raises(NotYoursError):
        Sight(district, rights).require_writable(draft)


def test_a_second_merger_keeps_the_first(district: Session, rights: Rights) -> None:
    draft = Draft(district)
    merge(draft, ["09079@2025-07-01"], {"code": "99999", "name": "Lớn", "kind": "xa"}, date(2026, 1, 1))
    editing.commit(draft, actor="lan", now=3.0)
    district.flush()
    sight = Sight(district, rights)
    assert list(district.scalars(select(Site.code).where(sight.where("sites")))) == ["xa-kim-xa"]


def test_the_old_units_rights_reach_no_place_that_only_moved_away(district: Session) -> None:
    held = technician(district, KIM_XA)
    draft = Draft(district)
    editing.update(draft, "sites", "xa-kim-xa", {"unit": "09088@2019-09-01"})
    editing.commit(draft, actor="lan", now=2.0)
    district.flush()
    assert list(district.scalars(select(Site.code).where(Sight(district, held).where("sites")))) == []
