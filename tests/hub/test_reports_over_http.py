"""Reports as the hub serves them: figures of real minutes, files that open, and nobody sees another's sites."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime

import httpx
import openpyxl
import pytest
from sqlalchemy import select

from collector import directory
from collector.directory import load_view
from collector.directory.days import HANOI
from collector.quality import work
from collector.quality.days import mark_stale
from collector.quality.judging import judge
from collector.quality.profile import shipped
from collector.tables import Line, LineEpisode, LineMinute, SitePast, SpeedTest, Unit
from tests.hub.hub_app import SECOND, HubApp
from tests.postgres import on_both_databases

MONTH = "2026-09"
FIRST = int(datetime(2026, 9, 2, 8, 0, tzinfo=HANOI).timestamp())


def minute(line_id: int, at: int, received: int = 600) -> LineMinute:
    lost = 600 - received
    answered = {"rtt_p50": 0.01, "rtt_p95": 0.02, "rtt_max": 0.03, "jitter": 0.001, "mos": 4.3}
    return LineMinute(
        line_id=line_id, minute=at, windows_mask=63, direction_mask=63, sent=600, received=received, lost_up=lost,
        lost_down=0, lost_unknown=0, unmeasured=0, late=0, duplicate=0, reordered=0, skipped=0, late_sends=0,
        loss_bursts=0, rtt_buckets=[0] * 4 + [received] * 17, updated_at=1.0, **(answered if received else {}),
    )  # fmt: skip


@pytest.fixture
async def measured(hub: HubApp) -> HubApp:
    """Two sites under two units; the first one's line lost ten of a thousand minutes."""
    hub.clock.now = datetime(2026, 10, 3, tzinfo=UTC).timestamp()
    with hub.sessions.begin() as session:
        for code, name, provider in (("kx", "=UBND xã Kim Xá", "VNPT"), ("tt", "UBND xã Thổ Tang", "Viettel")):
            unit = Unit(code=code, name=f"Xã {code}", kind="xa", valid_from=date(2019, 9, 1))
            session.add(unit)
            site = directory.ensure_site(session, code, name)
            session.flush()
            site.unit_id = unit.id
            line = session.scalars(select(Line).where(Line.site_id == site.id)).one()
            line.provider, line.contract_download_mbits = provider, 100.0
            lost = range(500, 510) if code == "kx" else ()
            session.add_all(
                minute(line.id, FIRST + 60 * number, 0 if number in lost else 600) for number in range(1000)
            )
            work.mark(session, {line.id: [FIRST + 60 * number for number in range(1000)]})
            session.add(SpeedTest(line_id=line.id, direction="down", at_ms=FIRST * 1000, ratio=0.7))
        session.flush()
        judge(session, load_view(session), shipped().limits, FIRST + 60_000, live=False)
    await hub.refresh()
    return hub


async def administrator(hub: HubApp) -> httpx.AsyncClient:
    client = hub.client()
    await hub.administrator("admin", client)
    return client


@on_both_databases
async def test_a_report_holds_the_figures_of_the_minutes(measured: HubApp) -> None:
    client = await administrator(measured)
    report = (await client.get(f"/api/v1/reports/{MONTH}")).json()
    kx, tt = report["lines"]
    assert (kx["line"], kx["figures"]["minutes"], kx["figures"]["lost_minutes"]) == ("kx-1", 1000, 10)
    assert kx["figures"]["availability"] == pytest.approx(0.99)
    assert kx["figures"]["loss"] == pytest.approx(0.01)
    assert kx["figures"]["rtt_mean"] == pytest.approx(0.01)
    assert kx["figures"]["possible_minutes"] == 30 * 1440
    assert kx["limits"]["availability"] == {"value": pytest.approx(0.99), "limit": 0.995, "kept": "broken"}
    assert kx["limits"]["download"]["kept"] == "broken"
    assert kx["limits"]["upload"]["kept"] == "unknown"
    assert kx["limits"]["delay"]["kept"] == "kept"
    assert tt["limits"]["availability"]["kept"] == "kept"
    (outage,) = report["outages"]
    assert (outage["line"], outage["began"], outage["minutes"], outage["state"]) == (
        "kx-1",
        FIRST + 30_000,
        12,
        "down",
    )
    assert outage["evidence"]["vi"]
    assert report["complete"] is True
    assert [(one["name"], one["broken"].get("availability", 0)) for one in report["providers"]] == [
        ("VNPT", 1),
        ("Viettel", 0),
    ]
    assert report["whole"]["figures"]["availability"] == pytest.approx(0.995)
    assert [day["day"] for day in kx["days"]] == ["2026-09-02", "2026-09-03"]


async def test_minutes_that_come_later_complete_a_report(measured: HubApp) -> None:
    client = await administrator(measured)
    await client.get(f"/api/v1/reports/{MONTH}")
    with measured.sessions.begin() as session:
        line = session.scalars(select(Line).where(Line.code == "tt-1")).one()
        session.add(minute(line.id, FIRST + 86_400))
        mark_stale(session, {line.id: [(FIRST + 86_400, FIRST + 86_460)]})
    report = (await client.get(f"/api/v1/reports/{MONTH}", params={"line": "tt-1"})).json()
    assert [one["figures"]["minutes"] for one in report["lines"]] == [1001]


async def test_csv_and_xlsx_open_and_run_nothing(measured: HubApp) -> None:
    client = await administrator(measured)
    answer = await client.get(f"/api/v1/reports/{MONTH}/lines.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][4] == "'=UBND xã Kim Xá"
    assert rows[1][11] == "10"
    outages = (await client.get(f"/api/v1/reports/{MONTH}/outages.csv")).content.decode("utf-8-sig")
    assert "2/9/2026 16:20" in outages
    assert (await client.get(f"/api/v1/reports/{MONTH}/users.csv")).status_code == 422

    answer = await client.get(f"/api/v1/reports/{MONTH}/report.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="bao-cao-2026-09.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Tổng hợp", "Đường truyền", "Gián đoạn", "Theo ngày"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert "=UBND xã Kim Xá" in {cell.value for cell in cells}
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len([name for name in archive.namelist() if name.startswith("xl/charts/chart")]) == 3


async def test_the_page_prints_without_script_or_style_of_its_own(measured: HubApp) -> None:
    client = await administrator(measured)
    answer = await client.get(f"/bao-cao/{MONTH}")
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    text = answer.text
    assert "Báo cáo chất lượng đường truyền tháng 9/2026" in text
    assert "<svg" in text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", text)
    assert (await client.get(re.findall(r'href="([^"]+)"', text)[0])).status_code == 200


async def test_nobody_sees_lines_outside_their_units(measured: HubApp) -> None:
    with measured.sessions() as session:
        unit = session.scalars(select(Unit.id).where(Unit.code == "tt")).one()
    measured.add("lan", SECOND, "technician", unit)
    client = measured.client()
    await measured.sign_in(client, "lan", SECOND)
    report = (await client.get(f"/api/v1/reports/{MONTH}")).json()
    assert [one["line"] for one in report["lines"]] == ["tt-1"]
    assert report["outages"] == []
    assert report["whole"]["lines"] == 1
    assert "Kim Xá" not in (await client.get(f"/bao-cao/{MONTH}")).text
    assert "kx-1" not in (await client.get(f"/api/v1/reports/{MONTH}/lines.csv")).text
    assert (await client.get(f"/api/v1/reports/{MONTH}", params={"line": "kx-1"})).status_code == 404
    of_other = (await client.get(f"/api/v1/reports/{MONTH}", params={"unit": "kx@2019-09-01"})).json()
    assert of_other["lines"] == []
    assert (await client.get("/api/v1/board/sites/kx/outages")).status_code == 404
    assert (await measured.client().get(f"/bao-cao/{MONTH}")).status_code == 401


async def test_a_report_can_be_asked_for_by_the_old_unit_and_by_the_new_one(measured: HubApp) -> None:
    client = await administrator(measured)
    with measured.sessions.begin() as session:
        new = Unit(code="va", name="Xã Vĩnh An", kind="xa", valid_from=date(2026, 9, 15))
        session.add(new)
        session.flush()
        old = session.scalars(select(Unit).where(Unit.code == "kx")).one()
        old.valid_to, old.successor_id = date(2026, 9, 15), new.id
        site = directory.find_site(session, "kx")
        assert site is not None
        session.add(SitePast(site_id=site.id, until=date(2026, 9, 15), unit_id=old.id))
        site.unit_id = new.id
    for key in ("kx@2019-09-01", "va@2026-09-15"):
        report = (await client.get(f"/api/v1/reports/{MONTH}", params={"unit": key})).json()
        assert [one["line"] for one in report["lines"]] == ["kx-1"], key
    assert (await client.get(f"/api/v1/reports/{MONTH}", params={"unit": "x@2019-09-01"})).status_code == 404
    assert (await client.get("/api/v1/reports/2026-13")).status_code == 422


@on_both_databases
async def test_the_board_shows_outages_days_and_a_day_of_minutes(measured: HubApp) -> None:
    client = await administrator(measured)
    measured.clock.now = FIRST + 60_000
    outages = (await client.get("/api/v1/board/sites/kx/outages")).json()["outages"]
    assert [(one["line"], one["began"], one["ended"], one["state"]) for one in outages] == [
        ("kx-1", FIRST + 30_000, FIRST + 30_720, "down")
    ]
    later = {"since": FIRST + 40_000}
    assert (await client.get("/api/v1/board/sites/kx/outages", params=later)).json()["outages"] == []
    days = (await client.get("/api/v1/board/sites/kx/days")).json()["lines"]["kx-1"]
    assert [(one["day"], one["minutes"], one["lost_minutes"]) for one in days] == [
        ("2026-09-02", 960, 10),
        ("2026-09-03", 40, 0),
    ]
    history = (await client.get("/api/v1/board/sites/kx/history", params={"minutes": 1440})).json()
    states = dict(zip(history["times"], history["lines"]["kx-1"]["state"], strict=True))
    assert len(states) == 1440
    assert states[FIRST + 30_000] == "down"
    with measured.sessions() as session:
        assert session.scalars(select(LineEpisode.cause)).one() == "none"
