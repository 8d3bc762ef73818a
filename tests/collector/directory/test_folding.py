"""What is typed without diacritics finds what is written with them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.directory.folding import fold, search_text, tokens
from collector.tables.base import SEARCH_LENGTH


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Lũng Hoà", "lung hoa"),
        ("Lũng Hòa", "lung hoa"),
        ("ĐẠI ĐỒNG", "dai dong"),
        ("đường  truyền\t1", "duong truyen 1"),
        (unicodedata.normalize("NFD", "Vĩnh Tường"), "vinh tuong"),
        ("Thổ\u00a0Tang", "tho tang"),
        ("ÂĂÊÔƠƯ", "aaeoou"),
    ],
)
def test_marks_case_and_blanks_do_not_count(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    "query", ["0211 3839", "0211.3839", "3839-123", "+84211", "02113839123", "(0211) 3839 123", "211 3839"]
)
def test_a_telephone_is_found_however_it_is_grouped(query: str) -> None:
    kept = search_text("vp", numbers=("0211 3839 123",))
    assert all(any(spelling in kept for spelling in spellings) for spellings in tokens(query))


@pytest.mark.parametrize("query", ["hd 0123", "HĐ-0123", "0123/2024", "VPC"])
def test_a_contract_is_found_by_its_parts(query: str) -> None:
    kept = search_text("xa-kim-xa-1", numbers=("VPC-HĐ-0123/2024",))
    assert all(any(spelling in kept for spelling in spellings) for spellings in tokens(query))


def test_an_address_keeps_its_dots() -> None:
    assert any("192.168.1.1" in spellings for spellings in tokens("192.168.1.1"))


@given(st.text(max_size=300))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert len(search_text(text * 9, numbers=(text,))) <= SEARCH_LENGTH
