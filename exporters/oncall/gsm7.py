"""Text for SMS: without diacritics, in the default alphabet of GSM (3GPP TS 23.038), measured in septets. Pure."""

from __future__ import annotations

import unicodedata

# 3GPP TS 23.038, 6.2.1: the position is the septet. 0x1B leads to the extension table.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# 6.2.1.1: each costs an escape and a septet.
EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
SEPTETS = {character: index for index, character in enumerate(ALPHABET) if character != "\x1b"}
ESCAPE = 0x1B

_PLAIN = str.maketrans(
    {"đ": "d", "Đ": "D", "–": "-", "—": "-", "→": ">", "←": "<", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'",
     "«": '"', "»": '"', "•": "-", "·": "-", "×": "x", "≥": ">=", "≤": "<=", "°": " ", "₫": "d", "`": "'",
     "\u00a0": " ", "\u202f": " ", "\t": " ", "\r": " "}
)  # fmt: skip


def plain(text: str) -> str:
    """Without diacritics and with nothing outside the default alphabet; what has no likeness becomes "?"."""
    stripped = unicodedata.normalize("NFD", text.translate(_PLAIN))
    letters = (character for character in stripped if not unicodedata.combining(character))
    folded = unicodedata.normalize("NFKC", "".join(letters)).translate(_PLAIN)
    return "".join(character if character in SEPTETS or character in EXTENSION else "?" for character in folded)


def septets(text: str) -> int:
    """How much of an SMS (160) it takes. Of text in the alphabet only."""
    return sum(2 if character in EXTENSION else 1 for character in text)


def is_gsm7(text: str) -> bool:
    return all(character in SEPTETS or character in EXTENSION for character in text)


def fit(text: str, limit: int) -> str:
    """As much of it as `limit` septets hold; two full stops say that there was more."""
    if septets(text) <= limit:
        return text
    if limit < 2:
        return ""
    room = limit - 2
    kept = 0
    for index, character in enumerate(text):
        kept += 2 if character in EXTENSION else 1
        if kept > room:
            return text[:index].rstrip() + ".."
    return text


def encode(text: str) -> bytes:
    """One septet a byte, unpacked. Raises ValueError for a character that the alphabet has not."""
    found = bytearray()
    for character in text:
        if character in EXTENSION:
            found += bytes((ESCAPE, EXTENSION[character]))
        elif character in SEPTETS:
            found.append(SEPTETS[character])
        else:
            raise ValueError(f"{character!r} is not in the GSM default alphabet")
    return bytes(found)


def pack(codes: bytes) -> bytes:
    """Eight septets in seven octets, least significant bit first (6.1.2.1)."""
    bits = 0
    for index, code in enumerate(codes):
        bits |= code << (7 * index)
    return bits.to_bytes((len(codes) * 7 + 7) // 8, "little")


def unpack(octets: bytes, count: int) -> bytes:
    bits = int.from_bytes(octets, "little")
    return bytes((bits >> (7 * index)) & 0x7F for index in range(count))


def decode(codes: bytes) -> str:
    """Unknown extensions become a space, as the standard asks of a receiver."""
    backwards = {code: character for character, code in EXTENSION.items()}
    found: list[str] = []
    escaped = False
    for code in codes:
        if escaped:
            found.append(backwards.get(code, " "))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            found.append(ALPHABET[code & 0x7F])
    return "".join(found)
