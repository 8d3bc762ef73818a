"""channels.toml: what is wrong is said with its key; no secret stands in it or in a message."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporters.oncall.channels import configuration, registry
from exporters.oncall.channels.configuration import ChannelsConfiguration, ConfigurationError, load, parse

EXAMPLE = Path(configuration.__file__).with_name("channels.example.toml")
SECRETS = {
    "email.password": "mail-word",
    "zalo.token": "1:abc",
    "zns.app_secret": "s",
    "zns.refresh_token": "r",
    "zns.webhook_secret": "w",
    "sms.key": "k",
    "webhook.secret": "h",
    "modem.pin": "1234",
}


def read(text: str) -> ChannelsConfiguration:
    return parse(text, "channels.toml", SECRETS.get)


def test_the_example_is_read_whole() -> None:
    found = load(EXAMPLE, SECRETS.get)
    assert found.email is not None
    assert (found.email.host, found.email.password) == ("mail.vinhtuong.gov.vn", "mail-word")
    assert found.sms is not None
    assert found.sms.secrets == {"key": "k"}
    assert found.zns_account is not None
    assert found.modem is not None
    assert found.modem.pin == "1234"
    assert not any(word in repr(found) for word in ("mail-word", "1:abc", "'k'"))


def test_the_example_names_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, section in configuration._SECTIONS.items():
        hidden = {*section.secrets, "secrets"}
        for key in section.shape.__dataclass_fields__:
            named = re.search(rf"^(\[{name}\.{key}\]|{key} = )", text, re.MULTILINE)
            assert key in hidden or named, f"{name}.{key}"


def test_no_file_is_no_channel(tmp_path: Path) -> None:
    assert load(tmp_path / "channels.toml", SECRETS.get) == ChannelsConfiguration()


def test_a_preset_needs_its_secrets_only() -> None:
    given = {"sms.api_key": "K", "sms.secret_key": "S", "sms.brandname": "B"}
    found = parse('[sms]\npreset = "esms"\nper_minute = 5', "channels.toml", given.get)
    assert found.sms is not None
    assert (found.sms.code_field, found.sms.per_minute) == ("CodeResult", 5)
    assert dict(found.sms.secrets) == {"api_key": "K", "secret_key": "S", "brandname": "B"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[emial]", "channels.toml: unknown section [emial]; did you mean email?"),
        ("email = 1", "channels.toml: email must be a section: write [email] on a line of its own"),
        ('[email]\nhost = "x"', "channels.toml: email.sender is missing"),
        ('[email]\nhots = "x"', "channels.toml: unknown key email.hots; did you mean host?"),
        ("[email]\nhost = 1", "channels.toml: email.host must be text in quotes"),
        ('[email]\nport = "x"', "channels.toml: email.port must be a number between 1 and 65535"),
        (
            '[email]\npassword = "hunter2"',
            "channels.toml: email.password is a secret and does not stand here: put it into secrets/email.password",
        ),
        (
            '[email]\nhost = "x"\nsender = "y"\nsecurity = "ssl"',
            "channels.toml: email.security must be one of starttls, tls, none",
        ),
        ('[webhook]\nallowed = "x"', "channels.toml: webhook.allowed must be a list of texts"),
        (
            '[webhook]\nallowed = ["file:///"]',
            "channels.toml: webhook.allowed must be an address that begins with https:// or http://",
        ),
        ('[sms]\npreset = "esm"', "channels.toml: sms.preset = 'esm'; did you mean esms?"),
        ('[sms]\npreset = "esms"', "channels.toml: [sms] needs its secret: put it into secrets/sms.api_key"),
        ('[sms]\nurl = "http://x"', "channels.toml: sms.fields is missing"),
        (
            '[sms.secrets]\na = "b"',
            "channels.toml: sms.secrets: write {secret:NAME} in a field, the value in secrets/sms.NAME",
        ),
        ('[zns]\ntemplate = "1"', "channels.toml: zns.app_id is missing"),
        ("[modem]\nper_minute = true", "channels.toml: modem.per_minute must be a number between 1 and 6000"),
        ("[modem", "channels.toml: not valid TOML: "),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert str(caught.value).startswith(said)
    assert "hunter2" not in str(caught.value)


def test_a_bot_without_its_token_is_said() -> None:
    with pytest.raises(ConfigurationError, match=r"put it into secrets/zalo\.token"):
        parse("[zalo]", "channels.toml", lambda _: None)


async def test_all_channels_of_the_example_can_be_made(tmp_path: Path) -> None:
    found = load(EXAMPLE, SECRETS.get)
    async with registry.opened(found, token_file=tmp_path / "zalo.json", replace=Path.write_bytes) as channels:
        assert tuple(channels) == registry.NAMES
        assert all(name == channel.name and channel.per_minute > 0 for name, channel in channels.items())
        assert [name for name, channel in channels.items() if not channel.needs_internet] == ["modem"]
