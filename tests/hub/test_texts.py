"""The board's words: both languages say the same things, and every key that the pages use is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hub
from collector.accounts.rights import Action, Role, Scope
from collector.directory.nouns import NOUNS
from collector.faults import CAUSES
from exporters.oncall.channels import registry
from exporters.oncall.contracts import Result
from exporters.oncall.maintenance import SCOPES
from exporters.oncall.nouns import State
from exporters.oncall.outbox import Delivery

ROOT = Path(hub.__file__).parent.parent
WEB = ROOT / "hub" / "web"
_KINDS = (
    "sign_in", "account", "user", "token", "hall", "directory", "meeting", "node", "writer", "alert", "rota",
    "maintenance", "audit",
)  # fmt: skip
_ACTION = re.compile(rf'"((?:{"|".join(_KINDS)}|secrets)\.[a-z_]+)"')


def recorded_actions() -> tuple[str, ...]:
    """What the code writes to the audit log: the page has words for each."""
    sources = [file for folder in ("hub", "collector") for file in (ROOT / folder).rglob("*.py")]
    not_recorded = set(Action) | {"audit.written", "audit.key"}
    return tuple(
        {found for file in sources for found in _ACTION.findall(file.read_text(encoding="utf-8"))} - not_recorded
    )


VI: dict[str, str] = json.loads((WEB / "i18n/vi.json").read_text(encoding="utf-8"))
EN: dict[str, str] = json.loads((WEB / "i18n/en.json").read_text(encoding="utf-8"))
ONCALL_EVENTS = tuple(
    {
        found
        for file in (ROOT / "exporters/oncall").glob("*.py")
        for found in re.findall(r'(?:[Ee]vent\(|kind = )"([a-z_]+)"', file.read_text(encoding="utf-8"))
    }
)
COMPUTED = {
    "state.": ("good", "weak", "bad", "down", "no_data"),
    "cause.": tuple(cause for cause in CAUSES if cause != "none"),
    "role.": tuple(Role),
    "roleWhat.": tuple(Role),
    "scope.": tuple(Scope),
    "audit.kind.": _KINDS,
    "did.": recorded_actions(),
    "oncall.": ("nobody", "noChannel"),
    "oncall.state.": tuple(State),
    "oncall.channel.": registry.NAMES,
    "oncall.delivery.": tuple(Delivery),
    "oncall.address.": registry.NAMES,
    "oncall.tried.": tuple(Result),
    "oncall.scope.": SCOPES,
    "oncall.event.": (*ONCALL_EVENTS, "alert_gone", "alert_left_out", "alert_not_repeated"),
    "noun.": tuple(NOUNS),
    "add.": tuple(NOUNS),
    "field.": {field.name for noun in NOUNS.values() for field in noun.fields},
    "choice.": {choice for noun in NOUNS.values() for field in noun.fields for choice in (field.kind.choices or ())},
    "done.": ("added", "changed", "removed"),
    "plan.": ("added", "changed", "removed", "unchanged"),
}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    assert sorted(VI) == sorted(EN)
    assert {key: placeholders(text) for key, text in VI.items()} == {key: placeholders(EN[key]) for key in EN}


def test_every_key_that_a_page_uses_is_there_and_none_is_idle() -> None:
    scripts = "\n".join(file.read_text(encoding="utf-8") for file in (WEB / "js").rglob("*.js"))
    used = set(re.findall(r"""\bt\(\s*"([^"]+)\"""", scripts)) | set(re.findall(r'\["(sentence\.\w+)"', scripts))
    for prefix, endings in COMPUTED.items():
        assert f"t(`{prefix}${{" in scripts
        used |= {prefix + ending for ending in endings}
    assert used == set(VI)
