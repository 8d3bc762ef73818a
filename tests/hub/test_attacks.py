"""What somebody hostile tries: each is refused as such, and written down."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Awaitable, Callable

import httpx
import pytest

from hub.http import problems
from hub.http.sign_in import COOKIE
from tests.hub.hub_app import SECOND, HubApp

IMPORT = "/api/v1/directory/import"
CSV = {"content-type": "text/csv"}
BOMB_BYTES = 32 * 1024 * 1024


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * BOMB_BYTES)
    return packed.getvalue()


def form(name: str, content: bytes, kind: str = "text/csv") -> dict[str, object]:
    return {"files": {"file": (name, content, kind)}}


ATTACKS: dict[str, tuple[dict[str, object], int, str]] = {
    "zip bomb as a CSV": ({"content": zip_bomb(), "headers": CSV}, 415, "compressed"),
    "zip bomb in a form": (form("xa.csv", zip_bomb()), 415, "compressed"),
    "workbook in a form": (form("xa.xlsx", zip_bomb(), "application/octet-stream"), 415, "compressed"),
    "gzip as a YAML": (
        {"content": gzip.compress(b"0" * BOMB_BYTES), "headers": {"content-type": "application/yaml"}},
        415, "compressed",
    ),
    "body that says it is gzip": (
        {"content": gzip.compress(b"code\n"), "headers": {**CSV, "content-encoding": "gzip"}}, 415, "compressed",
    ),
    "file beyond the size": ({"content": b"a" * (9 << 20), "headers": CSV}, 413, "too large"),
    "file beyond the size in a form": (form("xa.csv", b"a" * ((8 << 20) + 1)), 413, "too large"),
}  # fmt: skip


@pytest.fixture
async def technician(hub: HubApp) -> httpx.AsyncClient:
    hub.add("minh", SECOND, "technician")
    client = hub.client()
    await hub.sign_in(client, "minh", SECOND)
    return client


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_file_that_would_grow_is_refused_logged_and_written_down(
    hub: HubApp, technician: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, attack: str
) -> None:
    request, status, reason = ATTACKS[attack]
    answer = await technician.post(f"{IMPORT}?noun=sites", **request)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["content-type"]) == (status, problems.MEDIA_TYPE), answer.text
    assert f"x import by minh from 10.0.0.1: {reason}" in caplog.text
    assert hub.audited().count("directory.import_refused") == 1


@pytest.mark.parametrize(
    "content", [b"", b"--x\r\n", b"\x00" * 100, b"--x\r\nContent-Disposition: form-data\r\n\r\n"]
)
async def test_a_broken_form_is_malformed(technician: httpx.AsyncClient, content: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await technician.post(f"{IMPORT}?noun=sites", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (400, problems.MEDIA_TYPE), answer.text


@pytest.mark.parametrize("name", ["../../../etc/passwd.csv", "..\\..\\hub.db.csv", "/etc/cron.d/x.csv", "a\x00.csv"])
async def test_a_files_name_leads_nowhere(hub: HubApp, technician: httpx.AsyncClient, name: str) -> None:
    await hub.refresh()
    before = sorted(hub.data.rglob("*"))
    file = "code,name\nxa-moi,UBND xã Mới\n".encode()
    answer = await technician.post(f"{IMPORT}?noun=sites&dry_run=false", **form(name, file))  # type: ignore[arg-type]
    assert answer.status_code in (200, 400, 415), answer.text
    assert [
        path for path in sorted(hub.data.rglob("*")) if path not in before and "audit-head" not in path.name
    ] == []


async def test_a_form_is_taken_like_the_body_itself(technician: httpx.AsyncClient) -> None:
    file = "code,name\nxa-moi,UBND xã Mới\n".encode()
    # As Windows with Excel says it of a CSV.
    sent = form("xã mới.CSV", file, "application/vnd.ms-excel")
    asked = await technician.post(f"{IMPORT}?noun=sites", **sent)  # type: ignore[arg-type]
    as_body = await technician.post(f"{IMPORT}?noun=sites", content=file, headers=CSV)
    assert asked.status_code == 200, asked.text
    assert asked.json() == as_body.json()
    assert asked.json()["counts"]["sites"]["added"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "/static/../hub.toml", "/static/%2e%2e/%2e%2e/secrets/session.key", "/static/..%2f..%2fhub.db",
        "/packages/..%2f..%2fsecrets%2fsession.key", "/packages/%2e%2e", "/hop/static/../../store.py",
        "/hop/static/%2e%2e/%2e%2e/store.py", "/hop/static/..%5c..%5cstore.py", "/static//etc/passwd",
    ],
)  # fmt: skip
async def test_no_address_leads_out_of_its_folder(hub: HubApp, path: str) -> None:
    client = hub.client()
    # Not normalised on the way, as a browser would do it.
    url = httpx.URL("https://hub.test", raw_path=path.encode())
    answer = await client.send(httpx.Request("GET", url, headers={"Host": "hub.test"}))
    assert answer.status_code in (401, 404), answer.text
    assert b"root:" not in answer.content


@pytest.mark.parametrize(
    "formula", ['=HYPERLINK("http://x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]
)
async def test_no_cell_of_an_export_is_a_formula(technician: httpx.AsyncClient, formula: str) -> None:
    made = await technician.post("/api/v1/directory/sites", json={"code": "xa-x", "name": "UBND", "place": formula})
    assert made.status_code == 201, made.text
    text = (await technician.get("/api/v1/directory/export?noun=sites&format=csv")).text
    (row,) = [line for line in text.splitlines() if "xa-x" in line]
    for cell in next(csv.reader([row])):
        assert not cell.lstrip().startswith(("=", "+", "-", "@")), row
    # And it comes back as it was.
    again = await technician.post(f"{IMPORT}?noun=sites", content=text.encode(), headers=CSV)
    assert (again.json()["alterations"], again.json()["bad"]) == ([], [])


async def forged_cookie(hub: HubApp) -> httpx.Response:
    return await hub.client({COOKIE: "forged-by-somebody"}).get("/api/v1/board")


async def forged_token(hub: HubApp) -> httpx.Response:
    return await hub.client(token="tsa_" + "x" * 43).get("/api/v1/board")


async def stolen_cookie(hub: HubApp) -> httpx.Response:
    browser = hub.client()
    hub.add("lan", SECOND, "leader")
    await hub.sign_in(browser, "lan", SECOND)
    stolen = {COOKIE: browser.cookies[COOKIE]}
    await browser.delete("/api/v1/session")
    return await hub.client(stolen, address="203.0.113.9").get("/api/v1/board")


async def replayed_code(hub: HubApp) -> httpx.Response:
    totp, _ = await hub.administrator("hoa")
    hub.clock.now += 60
    code = totp.at(int(hub.clock()))
    first, second = hub.client(), hub.client()
    for client in (first, second):
        await hub.sign_in(client, "hoa", SECOND)
    assert (await first.post("/api/v1/session/code", json={"code": code})).status_code == 200
    return await second.post("/api/v1/session/code", json={"code": code})


async def foreign_page(hub: HubApp) -> httpx.Response:
    browser = hub.client()
    hub.add("lan", SECOND, "administrator")
    await hub.sign_in(browser, "lan", SECOND)
    return await browser.post(
        "/api/v1/session/code", json={"code": "123456"}, headers={"Origin": "https://evil.test"}
    )


@pytest.mark.parametrize(
    ("attack", "statuses", "logged"),
    [
        (forged_cookie, (401,), "x unknown session cookie"),
        (forged_token, (401,), "x unknown API token"),
        (stolen_cookie, (401,), "x ended session"),
        (replayed_code, (401,), "x replayed code of hoa"),
        (foreign_page, (403,), "x "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_who_is_not_who_they_say_is_refused_and_logged(
    hub: HubApp, caplog: pytest.LogCaptureFixture, attack: Callable[[HubApp], Awaitable[httpx.Response]],
    statuses: tuple[int, ...], logged: str,
) -> None:  # fmt: skip
    answer = await attack(hub)
    assert (answer.status_code, answer.headers["content-type"]) == (statuses[0], problems.MEDIA_TYPE), answer.text
    assert logged in caplog.text
    assert json.loads(answer.text)["detail"].count(" / ") >= 1
