"""The board's words: both languages say the same things, and every key that the pages use is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hub

WEB = Path(hub.__file__).parent / "web"
VI: dict[str, str] = json.loads((WEB / "i18n/vi.json").read_text(encoding="utf-8"))
EN: dict[str, str] = json.loads((WEB / "i18n/en.json").read_text(encoding="utf-8"))
COMPUTED = {"state.": ("good", "weak", "bad", "no_data"), "newPassword.": ("old", "first", "again")}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert sorted(VI) == sorted(EN)
    assert {key: placeholders(text) for key, text in VI.items()} == {key: placeholders(EN[key]) for key in EN}


def test_every_key_that_a_page_uses_is_there_and_none_is_idle() -> None:
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in (WEB / "js").glob("*.js"))
    used = set(re.findall(r"""\bt\(\s*"([^"]+)\"""", scripts)) | set(re.findall(r'\["(sentence\.\w+)"', scripts))
    for prefix, endings in COMPUTED.items():
        assert f"t(`{prefix}${{" in scripts
        used |= {prefix + ending for ending in endings}
    assert used == set(VI)
