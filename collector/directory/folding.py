"""Text as it is searched: without diacritics, đ as d, in one case. Pure.

What is stored and what is asked for are folded alike, so a plain substring search finds either spelling
(Lũng Hoà, Lũng Hòa, lung hoa).
"""

from __future__ import annotations

import re
import unicodedata

from collector.tables.base import SEARCH_LENGTH

MAX_TOKENS = 8
_NUMBER = re.compile(r"\+?[\d.()/-]*\d[\d.()/-]*")


def fold(text: str) -> str:
    """Lower case, no marks, single blanks."""
    # Taking letters apart can bring capitals and marks to light again, so case comes between.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(one for one in apart if not unicodedata.combining(one) and (one.isprintable() or one.isspace()))
    return " ".join(plain.replace("đ", "d").split())


def compact(text: str) -> str:
    """Only letters and digits: how a contract or telephone number is found however it is grouped.

    The country's prefix of a telephone number becomes the 0 that people dial.
    """
    folded = fold(text)
    letters = "".join(one for one in folded if one.isalnum())
    return "0" + letters[2:] if folded.startswith("+84") else letters


def search_text(*parts: str, numbers: tuple[str, ...] = ()) -> str:
    """What is kept to be searched. `numbers` are found by any part of them, however they are grouped."""
    words = [fold(part) for part in (*parts, *numbers)] + [compact(number) for number in numbers]
    return " ".join(dict.fromkeys(word for word in words if word))[:SEARCH_LENGTH]


def tokens(query: str) -> list[tuple[str, ...]]:
    """Each must be found, in one of its spellings. At most MAX_TOKENS are looked at."""
    found = []
    for word in fold(query).split()[:MAX_TOKENS]:
        spellings = (word, compact(word)) if _NUMBER.fullmatch(word) else (word,)
        found.append(tuple(dict.fromkeys(spellings)))
    return found
