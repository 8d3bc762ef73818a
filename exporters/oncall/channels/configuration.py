"""channels.toml: which channels there are and how each is reached; validated whole, unknown keys are errors.

Secrets do not stand in the file: `secret(name)` gives them (email.password, zalo.token, sms.api_key, …).
`channels.example.toml` documents the same keys for people; a test holds both together.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from exporters.oncall.channels.email import EmailConfiguration
from exporters.oncall.channels.gsm_modem import GsmModemConfiguration
from exporters.oncall.channels.sms_http import NUMBERS, PRESETS, SmsHttpConfiguration
from exporters.oncall.channels.webhook import WebhookConfiguration
from exporters.oncall.channels.zalo_bot import ZaloBotConfiguration
from exporters.oncall.channels.zalo_zns import ZnsConfiguration

Secret = Callable[[str], str | None]


class ConfigurationError(Exception):
    """Names the file, the key and the cure."""


@dataclass(frozen=True, slots=True)
class ZnsAccount:
    """Of the Zalo application whose Official Account sends."""

    app_id: str
    app_secret: str = dataclasses.field(repr=False)
    refresh_token: str = dataclasses.field(repr=False)
    token_url: str = "https://oauth.zaloapp.com/v4/oa/access_token"  # noqa: S105 - an address


@dataclass(frozen=True, slots=True)
class ChannelsConfiguration:
    """What is None is not configured."""

    email: EmailConfiguration | None = None
    webhook: WebhookConfiguration | None = None
    zalo: ZaloBotConfiguration | None = None
    zns: ZnsConfiguration | None = None
    zns_account: ZnsAccount | None = None
    sms: SmsHttpConfiguration | None = None
    modem: GsmModemConfiguration | None = None


@dataclass(frozen=True, slots=True)
class _Section:
    shape: Any
    required: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    needed_secrets: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


_SECTIONS: Mapping[str, _Section] = {
    "email": _Section(
        EmailConfiguration,
        ("host", "sender"),
        ("password",),
        choices={"security": ("starttls", "tls", "none")},
    ),
    "webhook": _Section(WebhookConfiguration, ("allowed",), ("secret",)),
    "zalo": _Section(ZaloBotConfiguration, (), ("token",), ("token",)),
    "zns": _Section(ZnsConfiguration, ("template", "parameters"), ("webhook_secret",)),
    "sms": _Section(
        SmsHttpConfiguration,
        ("url", "fields"),
        choices={
            "numbers": tuple(NUMBERS),
            "body": ("json", "form", "query"),
            "method": ("GET", "POST", "PUT"),
        },
    ),
    "modem": _Section(GsmModemConfiguration, ("port",), ("pin",)),
}
_ZNS_ACCOUNT_KEYS = ("app_id", "token_url")
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "port": (1, 65535),
    "per_minute": (1, 6000),
    "timeout_seconds": (1, 120),
    "command_seconds": (1, 60),
    "sending_seconds": (5, 180),
    "max_characters": (10, 2000),
    "baud_rate": (1200, 4_000_000),
}


def load(path: Path, secret: Secret) -> ChannelsConfiguration:
    """No file: no channel. Raises ConfigurationError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ChannelsConfiguration()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: không đọc được / cannot be read: {error}") from None
    return parse(text, str(path), secret)


def parse(text: str, where: str, secret: Secret) -> ChannelsConfiguration:
    """Raises ConfigurationError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{where}: not valid TOML: {error}") from None
    found: dict[str, Any] = {}
    for name, values in document.items():
        if name not in _SECTIONS:
            raise ConfigurationError(f"{where}: unknown section [{name}]{_nearest(name, _SECTIONS)}")
        if not isinstance(values, dict):
            raise ConfigurationError(f"{where}: {name} must be a section: write [{name}] on a line of its own")
        if name == "zns":
            account = {key: values.pop(key) for key in _ZNS_ACCOUNT_KEYS if key in values}
            found["zns_account"] = _account(account, where, secret)
        if name == "sms":
            values = _with_preset(values, where, secret)
        found[name] = _section(name, values, where, secret)
    return ChannelsConfiguration(**found)


def _section(name: str, values: Mapping[str, Any], where: str, secret: Secret) -> Any:
    section = _SECTIONS[name]
    fields = {one.name: one for one in dataclasses.fields(section.shape)}
    open_keys = [key for key in fields if key not in section.secrets and not (name == "sms" and key == "secrets")]
    given: dict[str, Any] = {}
    for key, value in values.items():
        if key == "secrets" and name == "sms":
            given[key] = value
            continue
        if key in section.secrets:
            raise ConfigurationError(
                f"{where}: {name}.{key} is a secret and does not stand here: put it into secrets/{name}.{key}"
            )
        if key not in open_keys:
            raise ConfigurationError(f"{where}: unknown key {name}.{key}{_nearest(key, open_keys)}")
        given[key] = _value(name, key, value, str(fields[key].type), where)
        if key in section.choices and value not in section.choices[key]:
            raise ConfigurationError(f"{where}: {name}.{key} must be one of {', '.join(section.choices[key])}")
    missing = [key for key in section.required if not given.get(key)]
    if missing:
        raise ConfigurationError(f"{where}: {name}.{missing[0]} is missing")
    for key in section.secrets:
        kept = secret(f"{name}.{key}")
        if kept is not None:
            given[key] = kept
        elif key in section.needed_secrets:
            raise ConfigurationError(f"{where}: [{name}] needs its secret: put it into secrets/{name}.{key}")
    return section.shape(**given)


def _value(section: str, key: str, value: Any, wanted: str, where: str) -> Any:
    name = f"{section}.{key}"
    if key in _BOUNDS and wanted != "str":
        low, high = _BOUNDS[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ConfigurationError(f"{where}: {name} must be a number between {low:g} and {high:g}")
        return float(value) if wanted == "float" else int(value)
    if wanted.startswith("tuple"):
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise ConfigurationError(f"{where}: {name} must be a list of texts")
        found = tuple(value)
        if key == "allowed":
            for one in found:
                _web_address(name, one, where)
        return found
    if wanted.startswith("Mapping"):
        if not isinstance(value, Mapping):
            raise ConfigurationError(f"{where}: {name} must be a section of its own: [{name}]")
        if wanted == "Mapping[str, str]" and not all(isinstance(one, str) for one in value.values()):
            raise ConfigurationError(f"{where}: all values of {name} must be texts in quotes")
        return dict(value)
    if not isinstance(value, str):
        raise ConfigurationError(f"{where}: {name} must be text in quotes")
    if key == "url":
        _web_address(name, value, where)
    return value


def _account(values: Mapping[str, Any], where: str, secret: Secret) -> ZnsAccount:
    if not values.get("app_id") or not isinstance(values["app_id"], str):
        raise ConfigurationError(f"{where}: zns.app_id is missing")
    kept = {key: secret(f"zns.{key}") for key in ("app_secret", "refresh_token")}
    for key, value in kept.items():
        if value is None:
            raise ConfigurationError(f"{where}: [zns] needs its secret: put it into secrets/zns.{key}")
    url = values.get("token_url", ZnsAccount.__dataclass_fields__["token_url"].default)
    _web_address("zns.token_url", url, where)
    return ZnsAccount(values["app_id"], str(kept["app_secret"]), str(kept["refresh_token"]), url)


def _with_preset(values: Mapping[str, Any], where: str, secret: Secret) -> dict[str, Any]:
    """What the file says over what the preset says; the secrets that the fields name."""
    left = dict(values)
    preset = left.pop("preset", None)
    if preset is not None:
        if preset not in PRESETS:
            raise ConfigurationError(f"{where}: sms.preset = {preset!r}{_nearest(str(preset), PRESETS)}")
        left = {**PRESETS[preset], **left}
    if "secrets" in left:
        raise ConfigurationError(
            f"{where}: sms.secrets: write {{secret:NAME}} in a field, the value in secrets/sms.NAME"
        )
    names = sorted(_secret_names([left.get("fields"), left.get("headers")]))
    kept = {name: secret(f"sms.{name}") for name in names}
    missing = [name for name, value in kept.items() if value is None]
    if missing:
        raise ConfigurationError(f"{where}: [sms] needs its secret: put it into secrets/sms.{missing[0]}")
    return {**left, "secrets": kept}


def _secret_names(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _secret_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secret_names(inner)
    elif isinstance(value, str):
        for piece in value.split("{secret:")[1:]:
            yield piece.partition("}")[0]


def _web_address(name: str, text: Any, where: str) -> None:
    try:
        parts = urlsplit(str(text))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and str(text).isprintable()
    except ValueError:
        good = False
    if not good:
        raise ConfigurationError(f"{where}: {name} must be an address that begins with https:// or http://")


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(names)}"
