"""A province of 170 sites in a running hub: directory, nodes that speak, and days of lines with their outages.

The directory comes in by the import, nodes enrol by tokens, the present arrives by remote write; what lies in the
past is written into the tables as line quality would have left it.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import httpx
import yaml
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from agent.wire import families, remote_write
from agent.wire.configuration import RTT_BUCKETS_SECONDS, WINDOW_SECONDS, WRITE_PATH
from agent.wire.remote_write import Series, series
from collector.directory.days import day_of
from collector.directory.folding import fold
from collector.directory.nodes import enrol, issue_token
from collector.quality import emodel
from collector.quality.work import mark
from collector.tables import EvidenceMinute, Line, LineDay, LineEpisode, LineMinute, Node, Site
from hub.database import open_engine, sessions
from hub.paths import paths
from tests.e2e.system import System, until

SITES = 170
DAY_SECONDS = 86400
PACKETS = 100
KNOWN_SECONDS = 40.0
RECENT_MINUTES = 40
FROM = "2019-09-01"

# Of 2019; townships first, as many as the number says.
DISTRICTS = {
    "Yên Lạc": (1, "Yên Lạc, Bình Định, Đại Tự, Đồng Cương, Đồng Văn, Hồng Châu, Hồng Phương, Liên Châu, Nguyệt Đức, "
                "Tam Hồng, Tề Lỗ, Trung Hà, Trung Kiên, Trung Nguyên, Văn Tiến, Yên Đồng, Yên Phương"),
    "Lập Thạch": (2, "Lập Thạch, Hoa Sơn, Bàn Giản, Bắc Bình, Đình Chu, Đồng Ích, Hợp Lý, Liên Hòa, Liễn Sơn, "
                  "Ngọc Mỹ, Quang Sơn, Sơn Đông, Thái Hòa, Tiên Lữ, Triệu Đề, Tử Du, Văn Quán, Vân Trục, "
                  "Xuân Hòa, Xuân Lôi"),
    "Sông Lô": (1, "Tam Sơn, Bạch Lưu, Cao Phong, Đôn Nhân, Đồng Quế, Đồng Thịnh, Đức Bác, Hải Lựu, Lãng Công, "
                "Nhạo Sơn, Nhân Đạo, Như Thụy, Phương Khoan, Quang Yên, Tân Lập, Tứ Yên, Yên Thạch"),
    "Tam Dương": (1, "Hợp Hòa, An Hòa, Đạo Tú, Đồng Tĩnh, Duy Phiên, Hoàng Đan, Hoàng Hoa, Hoàng Lâu, Hợp Thịnh, "
                  "Hướng Đạo, Kim Long, Thanh Vân, Vân Hội"),
    "Bình Xuyên": (5, "Hương Canh, Bá Hiến, Đạo Đức, Gia Khánh, Thanh Lãng, Hương Sơn, Phú Xuân, Quất Lưu, Sơn Lôi, "
                   "Tam Hợp, Tân Phong, Thiện Kế, Trung Mỹ"),
    "Tam Đảo": (3, "Tam Đảo, Đại Đình, Hợp Châu, Bồ Lý, Đạo Trù, Hồ Sơn, Minh Quang, Tam Quan, Yên Dương"),
    "Vĩnh Yên": (0, "Định Trung, Đống Đa, Đồng Tâm, Hội Hợp, Khai Quang, Liên Bảo, Ngô Quyền, Thanh Trù, Tích Sơn"),
    "Phúc Yên": (0, "Cao Minh, Đồng Xuân, Hùng Vương, Nam Viêm, Ngọc Thanh, Phúc Thắng, Tiền Châu, Trưng Trắc, "
                 "Xuân Hòa"),
    "Mê Linh": (2, "Chi Đông, Quang Minh, Chu Phan, Đại Thịnh, Hoàng Kim, Kim Hoa, Liên Mạc, Mê Linh, Tam Đồng, "
                "Thạch Đà, Thanh Lâm, Tiền Phong, Tiến Thắng, Tiến Thịnh, Tráng Việt, Tự Lập, Văn Khê, Vạn Yên"),
    "Lâm Thao": (2, "Hùng Sơn, Lâm Thao, Bản Nguyên, Cao Xá, Phùng Nguyên, Sơn Vi, Thạch Sơn, Tiên Kiên, Tứ Xã, "
                 "Vĩnh Lại, Xuân Huy, Xuân Lũng, Chu Hóa, Thanh Đình, Hy Cương"),
}  # fmt: skip

# Site → (round trip s, jitter s, lost up, lost down per window); the others are good.
TROUBLED = {
    "xa-ngu-kien": (0.062, 0.012, 9, 2),
    "xa-vu-di": (0.340, 0.038, 4, 4),
    "yen-lac-te-lo": (0.031, 0.009, 0, 3),
    "lap-thach-tu-du": (0.058, 0.006, 0, 0),
    "song-lo-duc-bac": (0.024, 0.041, 1, 0),
    "tam-dao-ho-son": (0.045, 0.008, 3, 1),
    "me-linh-trang-viet": (0.066, 0.019, 1, 1),
}
CUT = "xa-kim-xa"
"""Its node is heard by another way while its line is cut behind the gateway."""
CUT_MINUTES = 25
SILENT = ("xa-nghia-hung", "song-lo-hai-luu")
NEVER = ("xa-yen-binh", "tam-dao-minh-quang", "me-linh-lien-mac")


@dataclass(frozen=True, slots=True)
class Speaker:
    site: str
    line: str
    key: str

    def window(self, end: int, chance: random.Random) -> Iterator[Series]:
        rtt, jitter, up, down = _usual(self.site)
        rtt *= chance.uniform(0.96, 1.04)
        if self.site == CUT:
            up = PACKETS

        def one(name: str, value: float, *more: tuple[str, str]) -> Series:
            return series(name, (("line", self.line), *more), end * 1000, value)

        received = PACKETS - up - down
        yield one(families.LINE_SENT, PACKETS)
        yield one(families.LINE_RECEIVED, received)
        yield one(families.LINE_LOST, up, ("direction", "up"))
        yield one(families.LINE_LOST, down, ("direction", "down"))
        yield one(families.LINE_UNMEASURED, 0)
        yield one(families.LINE_LOSS_BURSTS, up + down)
        for name in (families.LINE_LATE, families.LINE_DUPLICATE, families.LINE_REORDERED, families.LINE_SKIPPED):
            yield one(name, 0)
        yield one(families.LINE_LATE_SENDS, 0)
        if not received:
            yield from _echoes(end)
            return
        for quantile, factor in (("0", 0.8), ("0.5", 1), ("0.95", 1.3), ("1", 1.9)):
            yield one(families.LINE_RTT, rtt * factor, ("quantile", quantile))
        for bound in (*RTT_BUCKETS_SECONDS, math.inf):
            le = "+Inf" if bound == math.inf else repr(bound)
            yield one(families.LINE_RTT_BUCKET, received if bound >= rtt else 0, ("le", le))
        yield one(families.LINE_JITTER, jitter)
        yield one(families.LINE_IPDV, jitter * 1.5, ("quantile", "0.95"))


class Province:
    """Of one running system. `speak` says the present once; within `speaking` it is said every window."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._chance = random.Random(170)
        self._said = 0
        with system.signed_in() as client:
            client.post("/api/v1/directory/presets/huyen-2019?dry_run=false").raise_for_status()
            taken = client.post(
                "/api/v1/directory/import?dry_run=false",
                content=yaml.safe_dump(_directory(client), allow_unicode=True),
                headers={"Content-Type": "application/yaml"},
                timeout=60,
            )
            assert taken.status_code == 200, taken.text
        self._engine = open_engine(paths(system.data).database)
        with sessions(self._engine).begin() as session:
            self.speakers = list(_enrolled(session))
        with sessions(self._engine).begin() as session:
            _write_past(session, time.time(), self._chance)

    def close(self) -> None:
        self._engine.dispose()

    def speak(self) -> None:
        newest = int(time.time()) // WINDOW_SECONDS * WINDOW_SECONDS
        # What was not said in time is said now: a minute without all of its windows is not judged as cut.
        ends = range(max(self._said, newest - 60) + WINDOW_SECONDS, newest + 1, WINDOW_SECONDS)
        self._said = newest
        with self._system.client() as client:
            for one in self.speakers:
                if one.site not in SILENT:
                    said = [each for end in ends for each in one.window(end, self._chance)]
                    _say(client, one, [*said, *_machine(newest)])

    def speaking(self, stop: threading.Event) -> threading.Thread:
        def run() -> None:
            while not stop.wait(WINDOW_SECONDS):
                self.speak()

        thread = threading.Thread(target=run, name="province", daemon=True)
        thread.start()
        return thread


def _say(client: httpx.Client, one: Speaker, said: list[Series]) -> None:
    headers = {**remote_write.headers("thongsuot-district/1", time.time()), "Authorization": f"Bearer {one.key}"}
    body = remote_write.compress(remote_write.encode(said))

    def answered() -> bool:
        # Enrolled behind the hub's back: it reads its directory again some seconds later.
        status = client.post(WRITE_PATH, content=body, headers=headers, timeout=60).status_code
        assert status in (204, 401), status
        return status == 204

    until(answered, KNOWN_SECONDS, f"the hub knows the node of {one.site}")


def _machine(end: int) -> Iterator[Series]:
    for name, labels, value in (
        ("thongsuot_memory_size_bytes", (), 8.0e9),
        ("thongsuot_memory_available_bytes", (), 4.6e9),
        (
            "thongsuot_filesystem_size_bytes",
            (("mountpoint", "/"), ("device", "/dev/sda2"), ("fstype", "ext4")),
            2.4e11,
        ),
        ("thongsuot_filesystem_available_bytes", (("mountpoint", "/"),), 1.9e11),
        ("thongsuot_boot_time_seconds", (), end - 12.4 * DAY_SECONDS),
        ("thongsuot_cpu_count", (), 4.0),
    ):
        yield series(name, labels, end * 1000, value)


def _echoes(end: int) -> Iterator[Series]:
    for target, address, received in (("gateway", "192.168.1.1", 10), ("first_hop", "100.64.0.1", 0)):
        labels = (("target", target), ("address", address))
        yield series(families.ICMP_SENT, labels, end * 1000, 10)
        yield series(families.ICMP_RECEIVED, labels, end * 1000, received)


def _usual(site: str) -> tuple[float, float, int, int]:
    return TROUBLED.get(site, (0.006 + sum(map(ord, site)) % 29 / 1000, 0.002, 0, 0))


def _code(*words: str) -> str:
    return fold(" ".join(words)).replace(" ", "-")


def _directory(client: httpx.Client) -> dict[str, list[dict[str, object]]]:
    """What is laid over the pilot district: nine more districts, a line for each site, people at some."""
    units: list[dict[str, object]] = [
        {"code": "26", "valid_from": FROM, "name": "Vĩnh Phúc", "kind": "tinh"},
        {"code": "252", "valid_from": FROM, "name": "Vĩnh Tường", "kind": "huyen", "parent": f"26@{FROM}"},
    ]
    sites: list[dict[str, object]] = []
    for number, (district, (towns, names)) in enumerate(DISTRICTS.items()):
        is_city = district.endswith(" Yên") and towns == 0
        above = f"{900 + number}"
        kind = "thanh-pho" if is_city else "huyen"
        units.append({"code": above, "valid_from": FROM, "name": district, "kind": kind, "parent": f"26@{FROM}"})
        for index, name in enumerate(names.split(", ")):
            code = f"{above}{index:02}"
            kind, words = ("thi-tran", "thị trấn") if index < towns else ("xa", "xã")
            if is_city:
                kind, words = "phuong", "phường"
            units.append({"code": code, "valid_from": FROM, "name": name, "kind": kind, "parent": f"{above}@{FROM}"})
            sites.append({"code": _code(district, name), "name": f"UBND {words} {name}", "unit": f"{code}@{FROM}"})
    held = client.get("/api/v1/directory/sites?limit=200").json()["items"]
    lines = {one["site"]: one["code"] for one in client.get("/api/v1/directory/lines?limit=200").json()["items"]}
    every = [str(one["key"]) for one in held if one["key"] != "trung-tam"] + [str(one["code"]) for one in sites]
    people: list[dict[str, object]] = [
        {"code": f"nguoi-{site}", "name": name, "title": "Công chức Văn hóa – Xã hội", "site": site}
        for site, name in zip((CUT, *SILENT, *TROUBLED), _NAMES, strict=False)
    ]
    return {
        "units": units,
        "sites": sites,
        # The preset gives each of its sites a line, which becomes this one.
        "lines": [_line(site, index, lines.get(site)) for index, site in enumerate(every)],
        "people": people,
        "telephones": [
            {"number": f"0912 345 {600 + index}", "kind": "mobile", "visibility": "staff", "person": one["code"]}
            for index, one in enumerate(people)
        ],
        "devices": [
            {"code": "router-kim-xa", "site": "xa-kim-xa", "name": "Bộ định tuyến chính", "kind": "router",
             "address": "192.168.1.1", "firmware": "7.15.3", "place": "Tủ mạng tầng 2"},
            {"code": "ups-kim-xa", "site": "xa-kim-xa", "name": "Bộ lưu điện", "kind": "ups",
             "place": "Tủ mạng tầng 2"},
        ],
    }  # fmt: skip


_NAMES = (
    "Nguyễn Thị Hồng Hạnh", "Trần Văn Quyết", "Lê Đình Thắng", "Phạm Thị Ngọc", "Hoàng Văn Lợi", "Vũ Thị Thu Hường",
    "Đỗ Mạnh Hùng", "Bùi Thị Lan", "Đặng Quốc Việt", "Ngô Thị Tuyết",
)  # fmt: skip


def _line(site: str, index: int, code: str | None) -> dict[str, object]:
    provider, hotline = (("VNPT", "18001166"), ("Viettel", "18008119"), ("FPT", "19006600"))[index % 3]
    return {
        "code": code or f"{site}-1", "site": site, "name": f"{provider} FTTH 150", "provider": provider,
        "hotline": hotline, "contract_number": f"VPC-{20190 + index}", "contract_download_mbits": 150,
        "contract_upload_mbits": 150,
    }  # fmt: skip


def _enrolled(session: Session) -> Iterator[Speaker]:
    now = time.time()
    lines = session.execute(select(Site.code, Line.code).join(Line, Line.site_id == Site.id)).all()
    for site, line in lines:
        if site in NEVER or site == "trung-tam":
            continue
        made = enrol(session, str(issue_token(session, site, now)), f"pc-{site}"[:60], "Debian 12", "0.3.0", now)
        if site in SILENT:
            session.execute(update(Node).where(Node.id == made.node).values(last_seen_at=now - 1500))
        yield Speaker(site, line, made.key)


def _write_past(session: Session, now: float, chance: random.Random) -> None:
    lines = {
        site: line for site, line in session.execute(select(Site.code, Line).join(Line, Line.site_id == Site.id))
        if site not in NEVER and site != "trung-tam"
    }  # fmt: skip
    today = day_of(now)
    minute = int(now) // 60 * 60
    for site, line in lines.items():
        for back in range(2, 30):
            session.add(_day(line.id, today - timedelta(days=back), _lost_minutes(site, back)))
        begin = minute - (DAY_SECONDS if site in (CUT, "xa-ngu-kien") else RECENT_MINUTES * 60)
        end = minute - (CUT_MINUTES * 60 if site in SILENT else 0)
        minutes = [_minute(site, line.id, at, minute, chance) for at in range(begin, end, 60)]
        session.add_all(minutes)
        # Judged by the hub itself, as if they had just come.
        mark(session, {line.id: [one.minute for one in minutes]})
    session.add_all(_evidence(lines[CUT].measured_by or "", minute))
    for site in (CUT, "xa-ngu-kien"):
        session.add_all(_episodes(lines[site].id, minute))
        # What was judged before the day that is judged now.
        old = _minute(site, lines[site].id, minute - DAY_SECONDS - 60, minute, chance)
        old.state = "good"
        session.add(old)


def _lost_minutes(site: str, back: int) -> int:
    if site == CUT or site in TROUBLED:
        return {3: 47, 9: 12, 17: 380, 24: 5}.get(back, 0)
    return 9 if (sum(map(ord, site)) + back) % 41 == 0 else 0


def _day(line: int, day: date, lost: int) -> LineDay:
    return LineDay(
        line_id=line, day=day, stale=False, minutes=1440, lost_minutes=lost,
        lost_by_cause={"provider": lost} if lost else {}, good=1440 - lost - lost // 2, weak=lost // 2, bad=0,
        down=lost, measured=864_000, lost_up=lost * 60, lost_down=0, lost_unknown=0, rtt_weight=860_000,
        rtt_sum=860_000 * 0.018, rtt_max=0.3, jitter_sum=1440 * 0.003, jitter_minutes=1440, mos_sum=1440 * 4.35,
        mos_minutes=1440,
    )  # fmt: skip


def _is_cut(site: str, at: int, last: int) -> bool:
    ago = (last - at) // 60
    return site == CUT and (ago <= CUT_MINUTES or 313 < ago <= 360)


def _minute(site: str, line: int, at: int, last: int, chance: random.Random) -> LineMinute:
    is_cut = _is_cut(site, at, last)
    ago = (last - at) // 60
    is_busy = 880 < ago < 1020
    rtt, jitter, up, down = _usual(site)
    if site in TROUBLED and ago > 90:
        rtt, jitter, up, down = 0.017, 0.003, 0, 0
    rtt *= chance.uniform(0.9, 1.15) * (2.2 if is_busy else 1)
    up, down = (600, 0) if is_cut else (up * 6 + (chance.choice((0, 0, 2, 8)) if is_busy else 0), down * 6)
    found = LineMinute(
        line_id=line, minute=at, windows_mask=63, direction_mask=63, sent=600, received=600 - up - down,
        lost_up=up, lost_down=down, loss_bursts=min(up + down, 3), updated_at=float(last),
    )  # fmt: skip
    if not is_cut:
        found.rtt_min, found.rtt_p50, found.rtt_p95 = rtt * 0.7, rtt, rtt * (2.4 if is_busy else 1.4)
        found.rtt_max, found.jitter = rtt * 3, jitter * chance.uniform(0.8, 1.2)
        loss = (up + down) / 600
        r = emodel.rating(rtt, jitter, loss, 1.0)
        found.r, found.mos = r, emodel.mos(r)
    return found


def _evidence(node: str, last: int) -> Iterator[EvidenceMinute]:
    for at in range(last - 400 * 60, last, 60):
        answers = 0 if _is_cut(CUT, at, last) else 60
        yield EvidenceMinute(
            node_id=node, minute=at, gateway_mask=63, gateway_sent=60, gateway_received=60, gateway_rtt_p50=0.001,
            first_hop_mask=63, first_hop_sent=60, first_hop_received=answers,
            first_hop_rtt_p50=0.004 if answers else None,
        )  # fmt: skip


def _episodes(line: int, minute: int) -> Iterator[LineEpisode]:
    yield _episode(
        line, minute - 9 * DAY_SECONDS, minute - 9 * DAY_SECONDS + 720, "down", "power",
        "máy khởi động lại lúc có điện; trước đó bộ lưu điện báo chạy ắc quy",
        "the machine booted when power was back; before, the UPS ran on battery",
    )  # fmt: skip
    yield _episode(
        line, minute - 17 * DAY_SECONDS, minute - 17 * DAY_SECONDS + 380 * 60, "down", "upstream",
        "11/12 điểm cùng nhà mạng mất cùng lúc", "11 of 12 sites of the provider were lost at once",
    )  # fmt: skip


def _episode(line: int, began: int, ended: int | None, state: str, cause: str, vi: str, en: str) -> LineEpisode:
    return LineEpisode(
        line_id=line, began=began, ended=ended, state=state, cause=cause, evidence={"vi": vi, "en": en},
        updated_at=float(began), revised_at=None,
    )  # fmt: skip
