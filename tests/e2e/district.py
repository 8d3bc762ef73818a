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
from collector.tables import Line, LineDay, LineEpisode, LineMinute, Node, Site
from hub.database import open_engine, sessions
from hub.paths import paths
from tests.e2e.system import System, until

DAY_SECONDS = 86400
PACKETS = 100
KNOWN_SECONDS = 40.0
FROM = "2019-09-01"

# Of 2019; townships first, as many as the number says.
DISTRICTS = {
    "Yên Lạc": (1, "Yên Lạc, Bình Định, Đại Tự, Đồng Cương, Đồng Văn, Hồng Châu, Hồng Phương, Liên Châu, Nguyệt Đức, "
                "Tam Hồng, Tề Lỗ, Trung Hà, Trung Kiên, Trung Nguyên, Văn Tiến, Yên Đồng, Yên Phương"),
    "Lập Thạch": (2, "Lập Thạch, Hoa Sơn, Bàn Giản, Bắc Bình, Đình Chu, Đồng Ích, Hợp Lý, Liên Hòa, Liễn Sơn, "
                  "Ngọc Mỹ, Quang Sơn, Sơn Đông, Thái Hòa, Tiên Lữ, Triệu Đề, Tử Du, Văn Quán, Vân Trục, Xuân Hòa, Xuân Lôi"),
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
SILENT = {
    "xa-kim-xa": ("provider", "cổng mạng trả lời, chặng đầu nhà mạng không trả lời; 6/7 xã cùng nhà mạng bình thường",
                  "the gateway answers, the provider's first hop does not; 6 of 7 communes of the provider are well"),
    "xa-nghia-hung": ("power", "bộ lưu điện chạy ắc quy 18 phút trước khi mất tín hiệu",
                      "the UPS ran on battery for 18 minutes before the silence"),
    "song-lo-hai-luu": ("router", "cổng mạng trả lời; bộ định tuyến báo cổng WAN đứt",
                        "the gateway answers; the router says that its WAN is down"),
}  # fmt: skip
NEVER = ("xa-yen-binh", "tam-dao-minh-quang", "me-linh-lien-mac")


@dataclass(frozen=True, slots=True)
class Speaker:
    site: str
    line: str
    key: str

    def window(self, end: int, chance: random.Random) -> Iterator[Series]:
        usual = (0.006 + sum(map(ord, self.site)) % 29 / 1000, 0.002, 0, 0)
        rtt, jitter, up, down = TROUBLED.get(self.site, usual)
        rtt *= chance.uniform(0.96, 1.04)

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
        end = int(time.time()) // WINDOW_SECONDS * WINDOW_SECONDS
        with self._system.client() as client:
            for one in self.speakers:
                if one.site not in SILENT:
                    _say(client, one, [*one.window(end, self._chance), *_machine(end)])

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
    people = [
        {"code": f"nguoi-{site}", "name": name, "title": "Công chức Văn hóa – Xã hội", "site": site}
        for site, name in zip((*SILENT, *TROUBLED), _NAMES, strict=False)
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
    for site, line in lines.items():
        for back in range(1, 30):
            lost = _lost_minutes(site, back)
            day = today - timedelta(days=back)
            session.add(_day(line.id, day, lost))
    minute = int(now) // 60 * 60
    for site in ("xa-kim-xa", "xa-ngu-kien"):
        session.add_all(
            _minutes(lines[site].id, minute, chance, cut=(1080, 1127), until=1415 if site in SILENT else 1440)
        )
        session.add_all(_episodes(lines[site].id, minute))
    for site, (cause, vi, en) in SILENT.items():
        session.add(_episode(lines[site].id, minute - 1500, None, "no_data", cause, vi, en))


def _lost_minutes(site: str, back: int) -> int:
    if site in SILENT or site in TROUBLED:
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


def _minutes(
    line: int, last: int, chance: random.Random, *, cut: tuple[int, int], until: int
) -> Iterator[LineMinute]:
    for index in range(until):
        minute = last - (1440 - index) * 60
        is_cut = cut[0] <= index < cut[1]
        busy = 420 < index < 560
        rtt = (0.034 if busy else 0.014) * chance.uniform(0.9, 1.15)
        up, down = (
            (600, 0) if is_cut else (chance.choice((0, 0, 4, 22)) if busy else 0, chance.choice((0,) * 30 + (5,)))
        )
        yield LineMinute(
            line_id=line, minute=minute, windows_mask=63, direction_mask=63, sent=600, received=600 - up - down,
            lost_up=up, lost_down=down, rtt_min=None if is_cut else rtt * 0.7, rtt_p50=None if is_cut else rtt,
            rtt_p95=None if is_cut else rtt * (2.4 if busy else 1.4), rtt_max=None if is_cut else rtt * 3,
            jitter=None if is_cut else rtt / 6, mos=None if is_cut else 4.3, updated_at=float(last),
            state="down" if is_cut else "weak" if busy and up > 12 else "good",
            cause="provider" if is_cut else None,
        )  # fmt: skip


def _episodes(line: int, minute: int) -> Iterator[LineEpisode]:
    yield _episode(
        line, minute - 360 * 60, minute - 313 * 60, "down", "provider",
        "cổng mạng trả lời, chặng đầu nhà mạng không trả lời; 6/7 xã cùng nhà mạng bình thường",
        "the gateway answers, the provider's first hop does not; 6 of 7 communes of the provider are well",
    )  # fmt: skip
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
