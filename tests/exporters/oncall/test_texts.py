"""What people read: exact lines, and properties of every SMS."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.oncall import gsm7
from exporters.oncall.contracts import AlertLine, Kind, Language, Notice
from exporters.oncall.texts import MAX_SUBJECT_CHARACTERS, MAX_TEXT_CHARACTERS, Wording

# 13/3/2019 08:12 in Vietnam.
BEGAN = 1552439520.0
LINK = "https://ts.vinhtuong.gov.vn/t/Ab3dEf6hIj"
SITE_DOWN = AlertLine(
    name="SiteDown",
    severity="critical",
    summary=Language("Mất tín hiệu toàn bộ địa điểm xa-kim-xa", "Nothing is heard from site xa-kim-xa"),
    began=BEGAN,
    steps=(Language("Gọi địa điểm: có điện không.", "Telephone the site: is there power?"),),
    runbook="/huong-dan/SiteDown",
)
NOTICE = Notice(
    kind=Kind.OPENED,
    key="1:a",
    now=BEGAN + 300,
    severity="critical",
    place="Xã Kim Xá",
    began=BEGAN,
    alerts=(SITE_DOWN,),
    hotline="18001166",
    link=LINK,
)
WORDING = Wording()


def test_the_line_of_an_alert_is_the_agreed_one() -> None:
    said = WORDING.message(NOTICE, "x").text.splitlines()[0]
    assert said == (
        "[NGHIÊM TRỌNG] Xã Kim Xá – Mất kết nối từ 08:12 (5 phút). Kiểm tra: nguồn điện → ONT → gọi 18001166."
    )


def test_an_sms_says_the_same_without_diacritics_with_its_link() -> None:
    short = WORDING.message(NOTICE, "x").short
    assert short == (
        "[NGHIEM TRONG] Xa Kim Xa - Mat ket noi tu 08:12 (5 phut). "
        f"Kiem tra: nguon dien > ONT > goi 18001166. Nhan: {LINK}"
    )
    assert gsm7.septets(short) <= 160


def test_in_a_tight_sms_the_hotline_is_the_last_to_go() -> None:
    tight = replace(NOTICE, place="Thị trấn Tứ Trưng huyện Vĩnh Tường")
    assert "Kiem tra: goi 18001166. Nhan:" in WORDING.message(tight, "x").short


def test_the_letter_has_cause_steps_link_and_guide() -> None:
    cause = Language("nhà mạng: gateway vẫn trả lời, hub mất từ 08:12", "provider: gateway answers")
    text = WORDING.message(replace(NOTICE, cause=cause), "x").text
    assert "Nguyên nhân: nhà mạng: gateway vẫn trả lời, hub mất từ 08:12" in text
    assert "1. Gọi địa điểm: có điện không." in text
    assert text.endswith(f"Tiếp nhận: {LINK}\nHướng dẫn: https://ts.vinhtuong.gov.vn/huong-dan/SiteDown")


def test_english_is_for_those_who_chose_it() -> None:
    text = WORDING.message(replace(NOTICE, language="en"), "x").text
    assert text.startswith(
        "[CRITICAL] Xã Kim Xá – Disconnected since 08:12 (5 min). Check: power → ONT → call 18001166."
    )


def test_what_is_over_says_from_when_to_when_and_who_had_it() -> None:
    over = replace(
        NOTICE,
        kind=Kind.RESOLVED,
        now=BEGAN + 1800,
        alerts=(replace(SITE_DOWN, ended=BEGAN + 1680),),
        taken_by="Nguyễn Văn Bình",
        link="",
    )
    text = WORDING.message(over, "x").text
    assert text.splitlines() == [
        "[ĐÃ KHẮC PHỤC] Xã Kim Xá – Mất kết nối từ 08:12 đến 08:40 (28 phút).",
        "Người tiếp nhận: Nguyễn Văn Bình.",
    ]


def test_an_escalation_names_who_did_not_take_it() -> None:
    text = WORDING.message(replace(NOTICE, kind=Kind.ESCALATED, previous="Trần Thị Hoa"), "x").text
    assert "Trần Thị Hoa đã được báo nhưng chưa tiếp nhận." in text
    assert "Nhắc lại: chưa ai tiếp nhận." in WORDING.message(replace(NOTICE, kind=Kind.ESCALATED), "x").text


def test_a_storm_is_one_message_by_area() -> None:
    storm = replace(NOTICE, kind=Kind.STORM, place="", alerts=(), counts={"Yên Lạc": 5, "Vĩnh Tường": 7})
    message = WORDING.message(storm, "x")
    assert message.text.splitlines()[:3] == [
        "[NGHIÊM TRỌNG] 12 sự cố cùng lúc, từ 08:12 (5 phút).",
        "• Vĩnh Tường: 7",
        "• Yên Lạc: 5",
    ]
    assert message.short.startswith(
        "[NGHIEM TRONG] 12 su co cung luc, tu 08:12 (5 phut). Vinh Tuong 7, Yen Lac 5 Nhan:"
    )


def test_a_test_message_frightens_nobody() -> None:
    message = WORDING.message(replace(NOTICE, kind=Kind.TEST, alerts=(), link=""), "x")
    assert message.text.startswith("[THỬ] Thông Suốt: tin thử lúc 08:17.")
    assert message.short.startswith("[THU] Thong Suot: tin thu luc 08:17.")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(59, "0 phút"), (300, "5 phút"), (7500, "2 giờ 5 phút"), (7200, "2 giờ"), (266400, "3 ngày 2 giờ")],
)
def test_durations_are_said_in_the_two_greatest_units(seconds: int, said: str) -> None:
    assert f"({said})" in WORDING.message(replace(NOTICE, now=BEGAN + seconds), "x").text


def test_another_day_is_said_with_its_date() -> None:
    assert "từ 08:12 13/3 (" in WORDING.message(replace(NOTICE, now=BEGAN + 86400), "x").text


def test_what_comes_from_outside_cannot_begin_a_line() -> None:
    evil = replace(NOTICE, place="Xã\n[NGHIÊM TRỌNG] giả\r\nX", cause=Language("a\nb", ""))
    text = WORDING.message(evil, "x").text
    assert text.splitlines()[0].startswith("[NGHIÊM TRỌNG] Xã [NGHIÊM TRỌNG] giả X – ")
    assert "Nguyên nhân: a b" in text.splitlines()


def test_a_link_is_whole_or_absent() -> None:
    long = LINK + "x" * 200
    assert "http" not in WORDING.message(replace(NOTICE, link=long), "x").short


_WORDS = st.text(max_size=400)
_LINES = st.builds(
    AlertLine,
    name=st.sampled_from(["SiteDown", "LineDown", "Other"]),
    severity=st.sampled_from(["critical", "warning", "?"]),
    summary=st.builds(Language, _WORDS, _WORDS),
    began=st.floats(0, 4e9),
    ended=st.none() | st.floats(0, 4e9),
    steps=st.lists(st.builds(Language, _WORDS, _WORDS), max_size=3).map(tuple),
    runbook=st.sampled_from(["", "/huong-dan/SiteDown"]),
)
_NOTICES = st.builds(
    Notice,
    kind=st.sampled_from(Kind),
    key=_WORDS,
    now=st.floats(0, 4e9),
    severity=st.sampled_from(["critical", "warning", ""]),
    place=_WORDS,
    began=st.floats(0, 4e9),
    alerts=st.lists(_LINES, max_size=5).map(tuple),
    cause=st.none() | st.builds(Language, _WORDS, _WORDS),
    hotline=st.text(max_size=40),
    link=st.sampled_from(["", LINK, LINK + "y" * 300]) | st.text(max_size=40),
    previous=_WORDS,
    taken_by=_WORDS,
    counts=st.dictionaries(st.text(max_size=60), st.integers(0, 4000), max_size=20),
    language=st.sampled_from(["vi", "en", "fr"]),
)


@given(_NOTICES)
def test_every_sms_fits_and_is_of_the_alphabet(notice: Notice) -> None:
    message = WORDING.message(notice, "x")
    assert gsm7.is_gsm7(message.short)
    assert gsm7.septets(message.short) <= 160
    assert "\n" not in message.short
    assert len(gsm7.encode(message.short)) == gsm7.septets(message.short)
    assert len(message.subject) <= MAX_SUBJECT_CHARACTERS
    if len(notice.link) < 200:
        assert len(message.text) <= MAX_TEXT_CHARACTERS + 1
        assert notice.link in message.text


@given(st.text())
def test_plain_text_is_of_the_alphabet_and_stays(text: str) -> None:
    once = gsm7.plain(text)
    assert gsm7.is_gsm7(once)
    assert gsm7.plain(once) == once or "\r" in once


@given(st.text(alphabet=list(gsm7.SEPTETS) + list(gsm7.EXTENSION), max_size=160))
def test_packing_is_undone_by_unpacking(text: str) -> None:
    codes = gsm7.encode(text)
    assert gsm7.decode(gsm7.unpack(gsm7.pack(codes), len(codes))) == text
    assert len(gsm7.pack(codes)) == (len(codes) * 7 + 7) // 8


def test_packing_is_that_of_the_standard() -> None:
    assert gsm7.pack(gsm7.encode("hellohello")).hex().upper() == "E8329BFD4697D9EC37"
