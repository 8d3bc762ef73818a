"""Who may see and change what of the directory over HTTP."""

from __future__ import annotations

from sqlalchemy import select

from collector.tables import Line
from tests.collector.directory.directory_api import JULY, ON_SQLITE, Api, api, assert_problem

__all__ = ["api"]


async def test_whoever_looks_only_changes_nothing(api: Api) -> None:
    for method, path, body in (
        ("POST", "/sites", {"code": "a", "name": "A"}),
        ("PATCH", "/sites/xa-kim-xa", {"place": "x"}),
        ("DELETE", "/sites/xa-kim-xa", None),
        ("POST", "/mergers", {"old": ["x"], "on": JULY, "into": "y"}),
        ("POST", "/presets/tinh-2025", None),
    ):
        assert_problem(await api.send(method, path, body, who="lanh-dao", match="*"), 403)
        assert_problem(await api.send(method, path, body, who="nobody", match="*"), 401)
    assert (await api.get("/sites", who="lanh-dao")).json()["total"] == 29
    assert_problem(await api.get("/sites", who="nobody"), 401)


async def test_rights_on_one_commune_end_at_its_border(api: Api) -> None:
    assert [item["key"] for item in (await api.get("/sites", who="lanh-dao-xa")).json()["items"]] == ["xa-kim-xa"]
    assert [item["key"] for item in (await api.get("/lines", who="ky-thuat-xa")).json()["items"]] == ["xa-kim-xa-1"]
    assert_problem(await api.get("/sites/xa-yen-lap", who="ky-thuat-xa"), 404)
    assert_problem(await api.get("/sites/xa-yen-lap/history", who="ky-thuat-xa"), 404)
    own = await api.send("PATCH", "/sites/xa-kim-xa", {"place": "x"}, who="ky-thuat-xa", match="*")
    assert own.status_code == 200
    for method, path, body in (
        ("PATCH", "/sites/xa-kim-xa", {"unit": "09082"}),
        ("POST", "/sites", {"code": "a", "name": "A", "unit": "09082"}),
        ("POST", "/sites", {"code": "a", "name": "A"}),
        ("POST", "/lines", {"code": "a", "name": "A", "site": "xa-yen-lap"}),
        ("POST", "/people", {"name": "A", "unit": "09082"}),
        ("PATCH", "/units/252@2019-09-01", {"name": "A"}),
        ("POST", "/units", {"code": "260", "valid_from": JULY, "name": "A", "kind": "huyen"}),
        ("POST", "/sites/xa-kim-xa/move", {"unit": "09082@2019-09-01", "on": JULY}),
    ):
        answer = await api.send(method, path, body, who="ky-thuat-xa", match="*")
        assert_problem(answer, 403, "nằm ngoài quyền của bạn", "beyond your rights")
    for path in ("/import?noun=sites", "/mergers", "/presets/tinh-2025", "/batches/0/undo"):
        assert (await api.send("POST", path, who="ky-thuat-xa")).status_code == 403
    assert (await api.get("/export", who="ky-thuat-xa")).status_code == 403


async def test_telephones_are_for_those_who_need_to_know_them(api: Api) -> None:
    for number, visibility in (
        ("02113839001", "everyone"),
        ("0912345678", "staff"),
        ("0987654321", "administrators"),
    ):
        body = {"code": visibility, "number": number, "visibility": visibility, "site": "xa-kim-xa"}
        assert (await api.send("POST", "/telephones", body)).status_code == 201
    for who, count in (("quan-tri", 3), ("ky-thuat", 2), ("ky-thuat-xa", 2), ("lanh-dao", 1), ("lanh-dao-xa", 1)):
        assert (await api.get("/telephones", who=who)).json()["total"] == count
    for who, query, hits in (("lanh-dao", "0912345678", 0), ("ky-thuat", "0912345678", 1), ("ky-thuat", "098765", 0)):
        assert len((await api.get(f"/search?q={query}", who=who)).json()["items"]) == hits
    assert_problem(await api.get("/telephones/staff", who="lanh-dao"), 404)
    shown = (await api.get("/changes?noun=telephones", who="ky-thuat")).json()["items"]
    assert {change["key"] for change in shown} == {"everyone", "staff"}
    exported = (await api.get("/export?noun=telephones", who="ky-thuat")).text
    assert "0912345678" in exported
    assert "0987654321" not in exported
    stolen = exported.replace("code: staff", "code: administrators").encode()
    overwriting = await api.send(
        "POST", "/import?remove=true", stolen, who="ky-thuat", **{"content-type": "application/yaml"}
    )
    plan = overwriting.json()
    assert [bad["vi"] for bad in plan["bad"]] == ["Số này đã có và bạn không được xem."]
    assert "administrators" not in [one["key"] for one in plan["alterations"]]
    own = {"number": "0900000001", "visibility": "administrators", "site": "xa-kim-xa"}
    assert_problem(await api.send("POST", "/telephones", own, who="ky-thuat"), 403)


@ON_SQLITE
async def test_lines_keep_their_secret(api: Api) -> None:
    with api.sessions() as session:
        key = session.scalars(select(Line.stamp_key).where(Line.code == "xa-kim-xa-1")).one()
    for path in ("/lines/xa-kim-xa-1", "/lines", "/export", "/lines/xa-kim-xa-1/history", "/changes?noun=lines"):
        assert key not in (await api.get(path)).text


async def test_what_may_be_done_is_told_of_the_place_itself(api: Api) -> None:
    async def actions(who: str, path: str) -> set[str]:
        answer = await api.get(f"{path}/rights", who=who)
        assert answer.status_code == 200
        return set(answer.json()["actions"])

    assert "directory.write" in await actions("ky-thuat-xa", "/sites/xa-kim-xa")
    assert await actions("ky-thuat-xa", "/units/252@2019-09-01") == set()
    assert "directory.write" not in await actions("lanh-dao", "/sites/xa-kim-xa")
    assert "users.manage" in await actions("quan-tri", "/units/252@2019-09-01")
    assert_problem(await api.get("/sites/xa-yen-lap/rights", who="ky-thuat-xa"), 404)
    assert_problem(await api.get("/units/nothing/rights"), 404)
