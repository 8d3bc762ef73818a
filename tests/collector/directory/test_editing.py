"""One object added, changed, closed, removed; its history, and taking it back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from collector import directory
from collector.directory import changes, editing, undoing
from collector.directory.changes import Change
from collector.directory.draft import Draft
from collector.directory.failure import ConflictError, RefusedError, UnknownError
from collector.tables import Line, LineMinute, Site
from tests.collector.directory.conftest import load


def create(session: Session, noun: str, actor: str = "lan", now: float = 2.0, **texts: str) -> list[Change]:
    draft = Draft(session)
    editing.create(draft, noun, texts)
    return editing.commit(draft, actor=actor, now=now)


def update(session: Session, noun: str, key: str, actor: str = "lan", now: float = 3.0, **texts: str) -> list[Change]:
    draft = Draft(session)
    editing.update(draft, noun, key, texts)
    return editing.commit(draft, actor=actor, now=now)


def remove(session: Session, noun: str, key: str) -> list[Change]:
    draft = Draft(session)
    editing.remove(draft, noun, key)
    return editing.commit(draft, actor="lan", now=4.0)


def state(session: Session, noun: str, key: str) -> dict[str, object]:
    found = Draft(session).get(noun, key)
    assert found is not None
    return found


def test_a_new_site_has_its_first_line_with_a_session_of_its_own(district: Session) -> None:
    made = create(district, "sites", code="kx-2", name="Trạm y tế", unit="09079")
    assert [(one.noun, one.key, one.before) for one in made] == [("sites", "kx-2", None), ("lines", "kx-2-1", None)]
    line = district.scalars(select(Line).where(Line.code == "kx-2-1")).one()
    assert (line.stamp_ssid, len(bytes.fromhex(line.stamp_key)), line.measured_by) == (30, 32, None)


def test_a_new_line_is_measured_by_the_node_that_stands_there(district: Session) -> None:
    token = directory.issue_token(district, "xa-kim-xa", 1.0)
    node = directory.enrol(district, str(token), "pc", "Linux", "0.1.0", 2.0).node
    create(district, "lines", code="kx-4g", site="xa-kim-xa", name="4G dự phòng")
    measured = select(Line.measured_by, Line.stamp_key).where(Line.code == "kx-4g")
    before = district.execute(measured).one()
    assert before.measured_by == node
    update(district, "lines", "kx-4g", site="xa-yen-lap")
    after = district.execute(measured).one()
    assert after.measured_by is None
    assert after.stamp_key != before.stamp_key


def test_every_change_says_when_who_and_what(district: Session) -> None:
    update(
        district, "sites", "xa-kim-xa", actor="minh", now=7.5, place="phòng họp", latitude="21,3", longitude="105,4"
    )
    (last,) = changes.history(district, noun="sites", key="xa-kim-xa", limit=1)
    assert (last.at, last.actor, last.fields) == (7.5, "minh", ("place", "latitude", "longitude"))
    assert last.before is not None and last.after is not None
    assert (last.before["place"], last.after["place"], last.after["latitude"]) == ("", "phòng họp", 21.3)


def test_what_does_not_change_anything_leaves_no_trace(district: Session) -> None:
    assert update(district, "sites", "xa-kim-xa", name="UBND xã Kim Xá") == []


def test_a_change_is_taken_back_and_the_taking_back_too(district: Session) -> None:
    before = state(district, "sites", "xa-kim-xa")
    (made,) = update(district, "sites", "xa-kim-xa", place="phòng họp", technician="")
    (undone,) = undoing.undo_change(district, made.id, actor="minh", now=5.0)
    assert (undone.undoes, undone.actor) == (made.id, "minh")
    assert state(district, "sites", "xa-kim-xa") == before
    undoing.undo_change(district, undone.id, actor="minh", now=6.0)
    assert state(district, "sites", "xa-kim-xa")["place"] == "phòng họp"


def test_a_newer_change_stands_in_the_way_and_is_named(district: Session) -> None:
    (first,) = update(district, "sites", "xa-kim-xa", place="a")
    (second,) = update(district, "sites", "xa-kim-xa", actor="minh", place="b")
    with pytest.raises(ConflictError) as error:
        undoing.undo_change(district, first.id, actor="lan", now=5.0)
    assert f"đã được minh sửa sau đó (thay đổi {second.id})" in error.value.message.vi
    assert f"changed by minh since (change {second.id})" in error.value.message.en
    undoing.undo_change(district, second.id, actor="lan", now=5.0)
    with pytest.raises(ConflictError):
        undoing.undo_change(district, second.id, actor="lan", now=5.0)


def test_what_changed_without_a_trace_is_not_overwritten(district: Session) -> None:
    (made,) = update(district, "sites", "xa-kim-xa", place="a")
    site = district.scalars(select(Site).where(Site.code == "xa-kim-xa")).one()
    site.place = "by another program"
    district.flush()
    with pytest.raises(ConflictError, match="không còn như sau"):
        undoing.undo_change(district, made.id, actor="lan", now=5.0)


def test_adding_a_site_is_taken_back_with_its_first_line(district: Session) -> None:
    site, line = create(district, "sites", code="kx-2", name="Trạm y tế")
    undone = undoing.undo_change(district, site.id, actor="lan", now=5.0)
    assert {(one.noun, one.key, one.undoes) for one in undone} == {
        ("sites", "kx-2", site.id),
        ("lines", "kx-2-1", line.id),
    }
    assert Draft(district).get("sites", "kx-2") is None


def test_a_whole_import_is_taken_back_at_once(session: Session) -> None:
    batch = load(session, "huyen-2019")
    assert len(undoing.undo_batch(session, batch, actor="lan", now=2.0)) == 88
    assert Draft(session).every("units") == {}
    assert len(changes.of_batch(session, batch)) == 88
    with pytest.raises(ConflictError):
        undoing.undo_batch(session, batch, actor="lan", now=3.0)


def test_a_removed_site_takes_its_lines_along_and_comes_back_with_them(district: Session) -> None:
    before = state(district, "sites", "xa-kim-xa"), state(district, "lines", "xa-kim-xa-1")
    made = remove(district, "sites", "xa-kim-xa")
    assert {one.key for one in made} == {"xa-kim-xa", "xa-kim-xa-1"}
    undoing.undo_batch(district, made[0].batch, actor="lan", now=5.0)
    assert (state(district, "sites", "xa-kim-xa"), state(district, "lines", "xa-kim-xa-1")) == before


def test_what_others_refer_to_cannot_be_removed(district: Session) -> None:
    with pytest.raises(RefusedError, match="Còn địa điểm xa-kim-xa gắn với mục này"):
        remove(district, "units", "09079@2019-09-01")
    create(district, "people", name="An", site="xa-kim-xa")
    with pytest.raises(RefusedError, match="The person an still refers to it"):
        remove(district, "sites", "xa-kim-xa")


def test_what_was_measured_is_closed_not_removed(district: Session) -> None:
    line = district.scalars(select(Line).where(Line.code == "xa-kim-xa-1")).one()
    district.add(LineMinute(line_id=line.id, minute=60, updated_at=1.0))
    district.flush()
    with pytest.raises(RefusedError, match="hãy đóng thay vì xóa"):
        remove(district, "sites", "xa-kim-xa")
    draft = Draft(district)
    editing.close(draft, "sites", "xa-kim-xa", date(2025, 3, 1))
    editing.commit(draft, actor="lan", now=5.0)
    seen = [site.site for site in directory.load_view(district, date(2025, 2, 28)).sites]
    gone = directory.load_view(district, date(2025, 3, 1))
    assert "xa-kim-xa" in seen
    assert "xa-kim-xa" not in [site.site for site in gone.sites]
    assert "xa-kim-xa-1" not in [one.line for one in gone.lines]


@pytest.mark.parametrize(
    ("noun", "key", "texts", "vi"),
    [
        ("units", "09079@2019-09-01", {"parent": "09079"}, "vòng tròn"),
        ("units", "252@2019-09-01", {"parent": "09079"}, "vòng tròn"),
        ("units", "09079@2019-09-01", {"valid_to": "1/1/2019"}, "Phải sau ngày bắt đầu"),
        ("units", "09079@2019-09-01", {"code": "09080"}, "«Mã» không đổi được"),
        ("sites", "xa-kim-xa", {"latitude": "21"}, "Cần cả vĩ độ và kinh độ"),
        ("sites", "xa-kim-xa", {"technician": "ai-do"}, "Không có kỹ thuật viên 'ai-do'"),
        ("sites", "xa-kim-xa", {"name": " "}, "Thiếu «Tên»"),
        ("sites", "xa-kim-xa", {"past": "09079@2019-09-01..1/7/2025; 09082@2019-09-01..1/7/2025"}, "phải tăng dần"),
    ],
)
def test_what_would_be_wrong_is_refused_with_its_reason(
    district: Session, noun: str, key: str, texts: dict[str, str], vi: str
) -> None:
    with pytest.raises(RefusedError) as error:
        update(district, noun, key, "lan", 3.0, **texts)
    assert vi in error.value.problems[0].message.vi
    assert error.value.problems[0].key == key


def test_nobody_has_to_invent_codes_for_people_and_telephones(district: Session) -> None:
    (person,) = create(district, "people", name="Nguyễn Thị Đào", site="xa-kim-xa")
    (number,) = create(district, "telephones", number="0912 345 678", person="nguyen-thi-dao")
    assert person.key == "nguyen-thi-dao"
    assert number.key.startswith("t-")
    assert "912" not in number.key
    assert number.after is not None
    assert (number.after["visibility"], number.after["kind"]) == ("staff", "mobile")
    with pytest.raises(RefusedError, match="Cần người hoặc địa điểm"):
        create(district, "telephones", number="0912 345 679")
    with pytest.raises(RefusedError, match="Đã có điện thoại t-"):
        create(district, "telephones", number="0912345678", person="nguyen-thi-dao")


def test_what_is_not_there_is_said_to_be_unknown(session: Session) -> None:
    with pytest.raises(UnknownError):
        update(session, "sites", "nowhere", place="x")
    with pytest.raises(UnknownError):
        undoing.undo_change(session, 999, actor="lan", now=1.0)
    with pytest.raises(UnknownError):
        undoing.undo_batch(session, "none", actor="lan", now=1.0)


def test_taking_back_many_changes_asks_the_database_few_questions(session: Session) -> None:
    asked: list[str] = []

    def count(*arguments: object) -> None:
        statement = str(arguments[2])
        # SQLite gives numbers of new rows one by one.
        if not statement.startswith("INSERT"):
            asked.append(statement)

    batch = load(session, "huyen-2019")
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", count)
    assert len(undoing.undo_batch(session, batch, actor="lan", now=2.0)) == 88
    event.remove(bind, "before_cursor_execute", count)
    assert len(asked) < 60
