"""Objects of the directory over HTTP: pages, search, changes by version, moves, odd keys."""

from __future__ import annotations

import asyncio

from collector import audit, directory
from tests.collector.directory.directory_api import JULY, ON_SQLITE, ROOT, Api, api, assert_problem

__all__ = ["api"]


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
