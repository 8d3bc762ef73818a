"""History, undo, audit log, import with a dry run and export over HTTP."""

from __future__ import annotations

import json

import pytest

from collector import audit
from collector.directory import auditing, changes
from tests.collector.directory.directory_api import ON_SQLITE, Api, api, assert_problem

__all__ = ["api"]


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


async def test_the_audit_log_holds_no_number(api: Api) -> None:
    body = {"number": "0912 345 678", "visibility": "administrators", "site": "xa-kim-xa"}
    made = await api.send("POST", "/telephones", body)
    await api.send("PATCH", f"/telephones/{made.json()['key']}", {"number": "0912345679"}, match="*")
    with api.sessions() as session:
        told = json.dumps([[entry.object, entry.detail] for entry in audit.entries(session)])
    assert "telephones t-" in told
    assert "91234567" not in told


# OpenAPI.
