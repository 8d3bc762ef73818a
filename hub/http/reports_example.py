"""An example of a month's report for /openapi.json, made of the same values as a real one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from fastapi.encoders import jsonable_encoder

from collector.reports.model import DayFigures, Figures, GroupReport, Limit, LineReport, MonthReport, Outage

_FIGURES = Figures(
    minutes=43000, possible_minutes=43200, lost_minutes=120, lost_by_cause={"power": 20, "provider": 100},
    availability=0.9972, provider_availability=0.9977, good_minutes=42500, weak_minutes=300, bad_minutes=70,
    down_minutes=130, loss=0.0041, loss_up=0.002, loss_down=0.0011, rtt_mean=0.011, rtt_p95=0.024,
    jitter_mean=0.002, mos_mean=4.37,
)  # fmt: skip
_DAY = DayFigures(date(2026, 9, 21), 1440, 4, 0.9972, 0.0031, 0.011, 0.024)
_LINE = LineReport(
    line="xa-kim-xa-1", name="Đường truyền 1", provider="VNPT", site="xa-kim-xa", site_name="UBND xã Kim Xá",
    unit="Xã Kim Xá", contract_number="123/HĐ", contract_download_mbits=100.0, contract_upload_mbits=100.0,
    figures=_FIGURES, load_p95_down=31e6, load_p95_up=4.2e6, speed_tests=29,
    limits={"availability": Limit(0.9972, 0.995, "kept"), "download": Limit(0.93, 0.8, "kept")},
    days=(_DAY,), outages=1,
)  # fmt: skip
_OUTAGE = Outage(
    line="xa-kim-xa-1", site="xa-kim-xa", site_name="UBND xã Kim Xá", provider="VNPT", began=1790000040,
    ended=1790006040, minutes=100, state="down", cause="provider",
    evidence={"vi": "Cổng mạng trả lời", "en": "The gateway answers"}, revised=False,
)  # fmt: skip


def _group(name: str) -> GroupReport:
    return GroupReport(name, 1, 1, _FIGURES, {"availability": 0}, 1, (_DAY,))


EXAMPLE: dict[str, Any] = jsonable_encoder(
    asdict(
        MonthReport(
            month="2026-09", title="", made_at=1790900000.0, complete=True, profile="2026-1",
            note={"vi": "Không phải tư vấn pháp lý.", "en": "Not legal advice."},
            sources={"availability": "QCVN 34:2019"}, whole=_group(""), providers=(_group("VNPT"),),
            lines=(_LINE,), outages=(_OUTAGE,),
        )
    )
)  # fmt: skip
