"""The directory over HTTP, with the hub's own guard: versions, pages, rights, files, and every error as a problem."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from starlette.requests import HTTPConnection

from collector import audit, directory
from collector.accounts.rights import Grant, Rights, Role
from collector.collector import Collector, CollectorSettings
from collector.directory import auditing, changes
from collector.directory.nouns import NOUNS
from collector.http.directory_models import FIELDS
from collector.http.directory_objects import models_of
from collector.tables import Line, Unit
from hub.http import problems
from hub.http.principal import USER, Principal, principal_of
from hub.http.rights import Guard, declarations, requires
from tests.collector.support import FakeClock, KeepingSink

ROOT = "/api/v1/directory"
JULY = "2025-07-01"
# What does not depend on the database.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@dataclass
class Api:
    collector: Collector
    app: FastAPI
    http: httpx.AsyncClient
    sessions: sessionmaker[Session]
    people: dict[str, Rights]

    async def get(self, path: str, who: str = "quan-tri", **headers: str) -> httpx.Response:
        return await self.http.get(ROOT + path, headers={"x-who": who, **headers})

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        who: str = "quan-tri",
        match: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        given = {"x-who": who, **({"if-match": match} if match else {}), **headers}
        content = body if isinstance(body, bytes) else None
        return await self.http.request(
            method, ROOT + path, json=None if content is not None else body, content=content, headers=given
        )

    async def etag(self, path: str) -> str:
        return (await self.get(path)).headers["etag"]


@pytest.fixture
async def api(tmp_path: Path, sessions: sessionmaker[Session]) -> AsyncIterator[Api]:
    """The district of 2019. Four people: two with the whole tree, two with one commune."""
    clock = FakeClock()
    with sessions.begin() as session:
        kim_xa = session.scalars(select(Unit.id).where(Unit.code == "09079")).one()
    people = {
        "quan-tri": Rights((Grant(Role.ADMINISTRATOR),)),
        "lanh-dao": Rights((Grant(Role.LEADER),)),
        "ky-thuat": Rights((Grant(Role.TECHNICIAN),)),
        "ky-thuat-xa": Rights((Grant(Role.TECHNICIAN, kim_xa),)),
        "lanh-dao-xa": Rights((Grant(Role.LEADER, kim_xa),)),
    }

    async def identify(connection: HTTPConnection) -> Principal | None:
        name = connection.headers.get("x-who", "")
        return Principal(USER, name, name, people[name], name) if name in people else None

    collector = Collector(sessions, KeepingSink(), CollectorSettings(run_directory=tmp_path / "run"), clock)
    app = FastAPI(dependencies=[Depends(Guard(identify, clock))], docs_url=None, redoc_url=None)
    problems.install(app)
    app.include_router(collector.directory_router(requires, principal_of))
    running = asyncio.create_task(collector.run())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield Api(collector, app, client, sessions, people)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def assert_problem(answer: httpx.Response, status: int, vi: str = "", en: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert " / " in document["title"]
    assert vi in answer.text
    assert en in answer.text
    return document


async def test_a_page_goes_on_where_the_one_before_ended(api: Api) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (await api.get(f"/sites?limit=10&cursor={cursor}")).json()
        assert answer["total"] == 29
        seen += [item["key"] for item in answer["items"]]
        cursor = answer["next"]
    assert len(seen) == 29
    assert seen == sorted(seen)
    assert_problem(await api.get("/sites?cursor=nonsense"), 422, "Con trỏ trang không đúng", "cursor")
    assert_problem(await api.get("/sites?limit=0"), 422)


async def test_search_needs_no_diacritics(api: Api) -> None:
    for query in ("lung hoa", "LŨNG HOÀ", "Lũng Hòa", "09106", "xa-lung-hoa"):
        answer = (await api.get(f"/search?q={query}")).json()
        assert {"09106@2019-09-01", "xa-lung-hoa"} & {hit["key"] for hit in answer["items"]}, query
    found = (await api.get("/units?search=dai dong")).json()
    assert [item["name"] for item in found["items"]] == ["Đại Đồng"]
    assert found["items"][0]["names"] == {"parent": "Vĩnh Tường"}


async def test_search_finds_telephones_and_contracts(api: Api) -> None:
    await api.send("POST", "/people", {"name": "Trần Văn Bình", "site": "xa-kim-xa"})
    await api.send("POST", "/telephones", {"number": "0912 345 678", "person": "tran-van-binh"})
    etag = await api.etag("/lines/xa-kim-xa-1")
    changed = await api.send("PATCH", "/lines/xa-kim-xa-1", {"contract_number": "VPC-HĐ-77/2024"}, match=etag)
    assert changed.status_code == 200
    for query, noun, at in (("345.678", "telephones", "Trần Văn Bình"), ("vpchd77", "lines", "UBND xã Kim Xá")):
        (hit,) = (await api.get(f"/search?q={query}")).json()["items"]
        assert (hit["noun"], hit["at"]) == (noun, at)


async def test_an_object_is_changed_only_as_it_was_seen(api: Api) -> None:
    etag = await api.etag("/sites/xa-kim-xa")
    assert (await api.get("/sites/xa-kim-xa", **{"if-none-match": etag})).status_code == 304
    assert (await api.get("/sites/xa-kim-xa", **{"if-none-match": f"W/{etag}"})).status_code == 304
    body = {"place": "phòng họp", "latitude": 21.33, "longitude": 105.46}
    assert_problem(await api.send("PATCH", "/sites/xa-kim-xa", body), 428, "If-Match")
    changed = await api.send("PATCH", "/sites/xa-kim-xa", body, match=etag)
    assert changed.status_code == 200
    assert (changed.json()["place"], changed.json()["latitude"]) == ("phòng họp", 21.33)
    assert changed.headers["etag"] == await api.etag("/sites/xa-kim-xa") != etag
    assert_problem(await api.send("PATCH", "/sites/xa-kim-xa", {"place": "x"}, match=etag), 412, "hãy tải lại")
    emptied = await api.send("PATCH", "/sites/xa-kim-xa", {"latitude": None, "longitude": None}, match="*")
    assert emptied.json()["latitude"] is None


async def test_of_two_who_change_the_same_at_once_one_is_told(api: Api) -> None:
    etag = await api.etag("/sites/xa-kim-xa")
    answers = await asyncio.gather(
        *(api.send("PATCH", "/sites/xa-kim-xa", {"place": f"tủ {n}"}, match=etag) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_a_new_site_is_seen_by_nodes_at_once(api: Api) -> None:
    made = await api.send("POST", "/sites", {"code": "kx-2", "name": "Trạm y tế Kim Xá", "unit": "09079"})
    assert made.status_code == 201
    assert made.headers["location"] == f"{ROOT}/sites/kx-2"
    assert made.json()["unit"] == "09079@2019-09-01"
    assert made.headers["etag"] == await api.etag("/sites/kx-2")
    assert "kx-2" in [site.site for site in api.collector.directory.sites]
    assert "kx-2-1" in [line.line for line in api.collector.directory.lines]
    assert_problem(await api.send("POST", "/sites", {"code": "kx-2", "name": "x"}), 422, "Đã có địa điểm kx-2")


async def test_closing_and_removing(api: Api) -> None:
    closed = await api.send(
        "POST", "/sites/xa-kim-xa/close", {"on": "2020-01-01"}, match=await api.etag("/sites/xa-kim-xa")
    )
    assert closed.json()["valid_to"] == "2020-01-01"
    assert (await api.get("/sites")).json()["total"] == 28
    assert (await api.get("/sites?closed=true")).json()["total"] == 29
    assert "xa-kim-xa" not in [site.site for site in api.collector.directory.sites]
    match = await api.etag("/units/09079@2019-09-01")
    refused = await api.send("DELETE", "/units/09079@2019-09-01", match=match)
    assert_problem(refused, 422, "Còn địa điểm xa-kim-xa", "still refers to it")
    removed = await api.send("DELETE", "/sites/xa-kim-xa", match=await api.etag("/sites/xa-kim-xa"))
    assert removed.status_code == 204
    assert_problem(await api.get("/sites/xa-kim-xa"), 404, "Không có sites", "There is no sites")


@ON_SQLITE
async def test_what_is_wrong_is_named_by_field_in_both_languages(api: Api) -> None:
    answer = await api.send("POST", "/units", {"code": "9080", "valid_from": JULY, "name": "V?nh An", "kind": "xa"})
    errors = {error["field"]: error for error in assert_problem(answer, 422)["errors"]}
    assert "mất số 0 ở đầu?" in errors["code"]["vi"]
    assert "were lost" in errors["name"]["en"]
    assert_problem(await api.send("POST", "/units", {"code": "1", "unknown": 1}), 422)
    assert_problem(await api.send("POST", "/sites", b"{", **{"content-type": "application/json"}), 422)


async def test_history_and_undo(api: Api) -> None:
    await api.send("PATCH", "/sites/xa-kim-xa", {"place": "a"}, match="*", who="ky-thuat")
    await api.send("PATCH", "/sites/xa-kim-xa", {"place": "b"}, match="*")
    history = (await api.get("/sites/xa-kim-xa/history?limit=2")).json()
    second, first = history["items"]
    assert (first["actor"], first["done"]) == ("ky-thuat", "changed")
    assert first["fields"] == [{"field": "place", "before": "", "after": "a"}]
    assert history["next"] == first["id"]
    assert_problem(
        await api.send("POST", f"/changes/{first['id']}/undo"), 409, "được quan-tri sửa sau đó", "undo that"
    )
    undone = await api.send("POST", f"/changes/{second['id']}/undo")
    assert undone.json()["items"][0]["undoes"] == second["id"]
    assert (await api.get("/sites/xa-kim-xa")).json()["place"] == "a"
    assert_problem(await api.send("POST", "/changes/999999/undo"), 404)
    assert_problem(await api.send("POST", f"/changes/{2**70}/undo"), 422)
    assert (await api.get("/changes?noun=sites&limit=1")).json()["items"][0]["undoes"] == second["id"]


async def test_every_change_is_in_the_audit_log_bound_to_its_history(api: Api) -> None:
    await api.send("PATCH", "/sites/xa-kim-xa", {"place": "a"}, match="*", who="ky-thuat")
    await api.send("POST", "/presets/tinh-2025?dry_run=false")
    with api.sessions() as session:
        one, many = audit.entries(session)
        assert (one.actor, one.action, one.object) == ("ky-thuat", "directory.changed", "sites xa-kim-xa")
        assert (one.address, one.detail["named"][0]["fields"]) == ("127.0.0.1", ["place"])
        assert (many.object, many.detail["counts"]) == (
            "66 objects",
            {"sites changed": 29, "units added": 7, "units changed": 30},
        )
        assert many.detail["digest"] == auditing.digest(changes.of_batch(session, many.detail["batch"]))


async def test_a_dry_run_is_the_default_and_the_same_plan(api: Api) -> None:
    body = "code,name,place\nxa-kim-xa,UBND xã Kim Xá,phòng họp\n".encode()
    asked = {"content-type": "text/csv; charset=utf-8"}
    dry = (await api.send("POST", "/import?noun=sites", body, **asked)).json()
    assert (dry["dry_run"], dry["batch"]) == (True, None)
    assert dry["counts"] == {"sites": {"added": 0, "changed": 1, "removed": 0, "unchanged": 0}}
    assert dry["alterations"][0]["fields"] == [{"field": "place", "before": "", "after": "phòng họp"}]
    assert (await api.get("/sites/xa-kim-xa")).json()["place"] == ""
    done = (await api.send("POST", "/import?noun=sites&dry_run=false", body, **asked)).json()
    assert (done["alterations"], done["dry_run"]) == (dry["alterations"], False)
    assert (await api.get("/sites/xa-kim-xa")).json()["place"] == "phòng họp"
    undone = await api.send("POST", f"/batches/{done['batch']}/undo")
    assert undone.status_code == 200
    assert (await api.get("/sites/xa-kim-xa")).json()["place"] == ""


async def test_a_file_with_a_bad_row_is_shown_in_the_dry_run_and_never_written(api: Api) -> None:
    body = "code;name;unit\nkx-2;Trạm y tế;9079\nkx-3;Trường;09079\n".encode("utf-16")
    dry = (await api.send("POST", "/import?noun=sites", body, **{"content-type": "text/csv"})).json()
    assert dry["encoding"] == "utf-16"
    assert [(bad["line"], bad["column"], bad["value"]) for bad in dry["bad"]] == [(2, "unit", "9079")]
    answer = await api.send("POST", "/import?noun=sites&dry_run=false", body, **{"content-type": "text/csv"})
    document = assert_problem(answer, 422, "không có gì được ghi", "nothing was written")
    assert (document["errors"][0]["line"], document["errors"][0]["column"]) == (2, "unit")
    assert (await api.get("/sites")).json()["total"] == 29


@pytest.mark.parametrize(
    ("query", "headers", "body", "status", "vi"),
    [
        ("", {"content-type": "text/csv"}, b"code\n", 415, "?noun="),
        ("?noun=sites", {"content-type": "multipart/form-data; boundary=x"}, b"x", 400, "Biểu mẫu"),
        ("?noun=sites", {"content-type": "text/csv", "content-encoding": "gzip"}, b"\x1f\x8b", 415, "không nén"),
        ("?noun=sites", {"content-type": "text/csv"}, b"PK\x03\x04" + bytes(50), 415, "Excel"),
        ("?noun=sites", {"content-type": "text/csv"}, b"a" * (8 * 1024 * 1024 + 1), 413, "chia nhỏ"),
        ("?noun=planets", {"content-type": "text/csv"}, b"a", 422, ""),
        ("", {"content-type": "application/yaml"}, b"a: &a [1]\nb: *a", 422, "không dùng &"),
    ],
)
@ON_SQLITE
async def test_files_that_are_no_tables_are_refused(
    api: Api, query: str, headers: dict[str, str], body: bytes, status: int, vi: str
) -> None:
    assert_problem(await api.send("POST", f"/import{query}", body, **headers), status, vi)


async def test_export_is_what_import_takes_back(api: Api) -> None:
    await api.send("POST", "/presets/tinh-2025?dry_run=false")
    answer = await api.get("/export")
    assert answer.headers["content-type"] == "application/yaml; charset=utf-8"
    again = await api.send("POST", "/import?remove=true", answer.content, **{"content-type": "application/yaml"})
    assert (again.json()["alterations"], again.json()["bad"]) == ([], [])
    for delimiter in ("comma", "semicolon", "tab"):
        answer = await api.get(f"/export?format=csv&noun=units&delimiter={delimiter}")
        assert answer.content.startswith(b"\xef\xbb\xbfcode")
        assert answer.headers["content-disposition"] == 'attachment; filename="units.csv"'
        again = await api.send(
            "POST", "/import?noun=units&remove=true", answer.content, **{"content-type": "text/csv"}
        )
        assert (again.json()["alterations"], again.json()["bad"]) == ([], [])
    assert_problem(await api.get("/export?format=csv"), 400, "?noun=")


async def test_a_merger_over_http(api: Api) -> None:
    body = {
        "old": ["09079@2019-09-01", "09082@2019-09-01"],
        "on": JULY,
        "new": {"code": "09079", "valid_from": JULY, "name": "Vĩnh An", "kind": "xa", "parent": "252"},
    }
    dry = (await api.send("POST", "/mergers", body)).json()
    assert (dry["dry_run"], dry["bad"], dry["counts"]["units"]["added"]) == (True, [], 1)
    assert (await api.send("POST", "/mergers?dry_run=false", body)).status_code == 200
    for unit, on in (("09079@2025-07-01", "2025-06-30"), ("09079@2025-07-01", JULY), ("09082@2019-09-01", JULY)):
        shown = (await api.get(f"/units/{unit}/sites?on={on}")).json()
        assert "xa-yen-binh" in [item["site"] for item in shown["items"]]
    assert (await api.get("/units/09079@2025-07-01/sites?on=2025-06-30")).json()["items"][1][
        "unit_name"
    ] == "Yên Bình"
    assert {site.site: site.unit for site in api.collector.directory.sites}["xa-yen-binh"] == "Vĩnh An"
    again = await api.send("POST", "/mergers?dry_run=false", {**body, "on": "2025-08-01"})
    assert_problem(again, 422, "đã kết thúc 2025-07-01")
    assert_problem(
        await api.send("POST", "/mergers", {"old": ["1@2020-01-01"], "on": JULY, "into": "2@2020-01-01"}), 404
    )
    assert_problem(await api.send("POST", "/mergers", {"old": ["x"], "on": JULY}), 400, "into")


async def test_a_site_moves_with_its_past(api: Api) -> None:
    body = {"unit": "09082@2019-09-01", "on": "2024-01-01"}
    moved = await api.send("POST", "/sites/xa-kim-xa/move", body, match=await api.etag("/sites/xa-kim-xa"))
    assert moved.json()["past"] == [{"unit": "09079@2019-09-01", "until": "2024-01-01"}]
    nowhere = await api.send("POST", "/sites/xa-kim-xa/move", {**body, "unit": "1@2019-09-01"}, match="*")
    assert_problem(nowhere, 404)


async def test_nodes_are_listed_and_revoked(api: Api) -> None:
    with api.sessions.begin() as session:
        token = directory.issue_token(session, "xa-kim-xa", 1.0)
        node = directory.enrol(session, str(token), "PC-Phòng-Họp", "Linux", "0.1.0", 2.0).node
    shown = (await api.get("/nodes?search=phong-hop")).json()
    assert [(item["key"], item["site_name"]) for item in shown["items"]] == [(node, "UBND xã Kim Xá")]
    assert (await api.get("/lines/xa-kim-xa-1")).json()["measured_by"] == node
    assert_problem(await api.send("POST", f"/nodes/{node}/revoke", who="lanh-dao"), 403)
    assert (await api.send("POST", f"/nodes/{node}/revoke", who="ky-thuat-xa")).status_code == 204
    assert_problem(await api.send("POST", f"/nodes/{node}/revoke"), 404)
    assert (await api.get("/nodes")).json()["total"] == 0
    assert [one.node for one in api.collector.directory.nodes] == []
    with api.sessions() as session:
        assert [entry.action for entry in audit.entries(session)] == ["node.revoked"]


async def test_odd_keys_are_unknown_not_an_accident(api: Api) -> None:
    for odd in ("%00", "a%00b", "%f0%9f%92%a9", "x" * 300, "..%2f..%2fetc", "'%20OR%201=1--", "@", "09079@", "@2019"):
        for noun in ("units", "sites", "telephones"):
            assert (await api.get(f"/{noun}/{odd}")).status_code == 404
            assert (await api.send("PATCH", f"/{noun}/{odd}", {}, match="*")).status_code == 404
        assert (await api.get(f"/sites?search={odd}&unit={odd[:80]}")).status_code in (200, 422)
        assert (await api.get(f"/nodes?search={odd}&site={odd[:80]}")).status_code in (200, 422)
        assert (await api.get(f"/search?q={odd}")).status_code in (200, 422)
        assert (await api.get(f"/units/{odd}/sites")).status_code == 404
        assert (await api.get(f"/changes?batch={odd}")).status_code in (200, 422)
        for path in (f"/batches/{odd}/undo", f"/nodes/{odd}/revoke", f"/presets/{odd}", f"/changes/{odd}/undo"):
            assert (await api.send("POST", path)).status_code in (404, 405, 422)
    body = {"old": ["a\x00"], "on": JULY, "into": "b\x00"}
    assert (await api.send("POST", "/mergers", body)).status_code == 404
    assert (await api.send("POST", "/sites", {"code": "nul", "name": "a\x00b", "unit": "\x00"})).json()[
        "name"
    ] == "ab"


# Rights.


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


async def test_the_audit_log_holds_no_number(api: Api) -> None:
    body = {"number": "0912 345 678", "visibility": "administrators", "site": "xa-kim-xa"}
    made = await api.send("POST", "/telephones", body)
    await api.send("PATCH", f"/telephones/{made.json()['key']}", {"number": "0912345679"}, match="*")
    with api.sessions() as session:
        told = json.dumps([[entry.object, entry.detail] for entry in audit.entries(session)])
    assert "telephones t-" in told
    assert "91234567" not in told


# OpenAPI.


def test_every_noun_is_described_as_it_is_stored() -> None:
    for noun in NOUNS.values():
        models = models_of(noun)
        names = [field.name for field in noun.fields]
        assert list(models.fields.model_fields) == names
        assert set(models.shown.model_fields) - {"key", "names", "measured_by"} == set(names)
        assert set(models.changes.model_fields) == {field.name for field in noun.fields if not field.fixed}
        for field in noun.fields:
            if field.kind.choices is not None:
                schema = models.fields.model_json_schema()["properties"][field.name]
                assert set(schema["enum"]) == set(field.kind.choices)
        for model in (FIELDS[noun.name], models.shown, models.changes):
            for example in model.model_json_schema()["examples"]:
                model.model_validate(example)


@ON_SQLITE
async def test_openapi_tells_of_every_error_as_a_problem(api: Api) -> None:
    document = api.app.openapi()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == len({one["operationId"] for one in operations}) >= 50
    for one in operations:
        for status, answer in one["responses"].items():
            if int(status) >= 400:
                assert set(answer["content"]) == {"application/problem+json"}, (one["operationId"], status)
        assert {"401", "403", "422", "429"} <= set(one["responses"])
        assert one["summary"]
    assert {declared.access.kind for declared in declarations(api.app.routes)} <= {"action", "public"}


@ON_SQLITE
async def test_lines_keep_their_secret(api: Api) -> None:
    with api.sessions() as session:
        key = session.scalars(select(Line.stamp_key).where(Line.code == "xa-kim-xa-1")).one()
    for path in ("/lines/xa-kim-xa-1", "/lines", "/export", "/lines/xa-kim-xa-1/history", "/changes?noun=lines"):
        assert key not in (await api.get(path)).text
