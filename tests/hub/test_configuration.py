"""hub.toml: one clear line for each mistake; the example documents every key with its default."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import hub
from agent.wire.configuration import ThroughputWindow
from hub import configuration
from hub.configuration import Configuration, ReceiverSection
from hub.failure import UserError
from hub.throughput_hours import parse_hours

MISTAKES = {
    "[hub]\nprot = 1": "hub.toml: unknown key hub.prot; did you mean port?",
    "[hbu]\nport = 1": "hub.toml: unknown section [hbu]; did you mean hub?",
    "[zzz]": (
        "hub.toml: unknown section [zzz]; known: hub, database, stamp, media, turn, agent, prometheus, alertmanager, "
        "grafana, oncall, remote_write, queue, backup"
    ),
    "hub = 3": "hub.toml: hub must be a section: write [hub] on a line of its own",
    '[hub]\nport = "8080"': "hub.toml: hub.port = '8080' must be a whole number",
    "[hub]\nport = true": "hub.toml: hub.port = True must be a whole number",
    "[hub]\nport = 70000": "hub.toml: hub.port = 70000 is not between 1 and 65535",
    '[database]\nurl = ["postgresql://a:secret@b/c"]': "hub.toml: database.url must be text in quotes",
    "[hub]\nlisten = 5": "hub.toml: hub.listen = 5 must be text in quotes",
    '[hub]\nlisten = "everywhere"': (
        "hub.toml: hub.listen = 'everywhere' is not an IP address (127.0.0.1 for this machine, 0.0.0.0 for the LAN)"
    ),
    '[hub]\nlog_level = "loud"': "hub.toml: hub.log_level = 'loud' is not one of debug, info, warning, error",
    "[agent]\nenabled = 1": "hub.toml: agent.enabled = 1 must be true or false",
    '[turn]\nurls = ["stun:a"]': "hub.toml: turn.urls = 'stun:a' is no address of a TURN server, as "
    "turn:may-chu:3478?transport=udp, turn:may-chu:3478?transport=tcp or turns:may-chu:443?transport=tcp",
    '[media]\naddresses = ["noi-bo"]': "hub.toml: media.addresses = 'noi-bo' is not an IP address "
    "(127.0.0.1 for this machine, 0.0.0.0 for the LAN)",
    '[media]\nannounce = ["203.0.113.5=lan"]': "hub.toml: media.announce = 'lan' is not an IP address "
    "(127.0.0.1 for this machine, 0.0.0.0 for the LAN)",
    '[media]\nannounce = "10.0.0.1"': "hub.toml: media.announce = '10.0.0.1' must be a list of texts",
    '[agent]\nthroughput_hours = "1-4"': (
        "hub.toml: agent.throughput_hours = '1-4' is not of the form 01:00-04:00; "
        "leave it empty to test no line's speed"
    ),
    "[stamp]\npackets_per_second = 51": "hub.toml: stamp.packets_per_second = 51 is not between 1 and 50",
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.items())
def test_a_mistake_is_one_line_that_names_the_key_and_the_cure(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "hub.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        configuration.load(tmp_path / "hub.toml")
    assert str(caught.value) == f"{tmp_path}/{words}"


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("[hub\n")
    with pytest.raises(UserError, match=r"not valid TOML: .*line 1"):
        configuration.load(tmp_path / "hub.toml")


def test_a_missing_file_says_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothing\.toml: no such configuration file; copy hub/hub\.example\.toml"):
        configuration.load(tmp_path / "nothing.toml")


def test_the_example_documents_every_key_with_its_default() -> None:
    example = Path(hub.__file__).with_name("hub.example.toml")
    document = tomllib.loads(example.read_text(encoding="utf-8"))
    assert configuration.parse(document, "example") == Configuration()
    keys = {(section, key) for section, values in document.items() for key in values}
    default = Configuration()
    assert keys == {
        (section, key)
        for section in default.__dataclass_fields__
        if section != "remote_write"
        for key in getattr(default, section).__dataclass_fields__
    }


def test_the_example_documents_every_key_of_a_receiver() -> None:
    text = Path(hub.__file__).with_name("hub.example.toml").read_text(encoding="utf-8")
    shown = text.partition("# [remote_write.tinh]\n")[2].partition("\n\n")[0]
    assert {line.removeprefix("# ").split(" = ")[0] for line in shown.splitlines()} == set(
        ReceiverSection.__dataclass_fields__
    )
    tinh = 'url = "https://giam-sat.tinh.example/api/v1/write"\nlabels = { cum = "vinh-tuong" }'
    found = configuration.parse(tomllib.loads(f"[remote_write.tinh]\n{tinh}"), "f").remote_write["tinh"]
    assert found == ReceiverSection(url="https://giam-sat.tinh.example/api/v1/write", labels={"cum": "vinh-tuong"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[remote_write]\nurl = "http://a/w"', r"each receiver is a section: write \[remote_write\.url\]"),
        ("[remote_write.a]", r"remote_write\.a\.url must be the full address"),
        ('[remote_write.prometheus]\nurl = "http://a/w"', "and is not prometheus"),
        ('[remote_write.A_b]\nurl = "http://a/w"', "at most 32 small letters"),
        ('[remote_write.a]\nurl = "http://a/w"\nkeep = ["x{"]', "remote_write.a: 'x{': after the name"),
        ('[remote_write.a]\nurl = "http://a/w"\ndrop = [\'{x=~"("}\']', "is no regular expression"),
        ('[remote_write.a]\nurl = "http://a/w"\nlabels = { a-b = "c" }', "'a-b' is no label name"),
        ('[remote_write.a]\nurl = "http://a/w"\nlabels = "c"', "must be a table of texts"),
        ('[remote_write.a]\nurl = "http://a/w"\nkey_file = "k"', "certificate_file and key_file go together"),
        ('[remote_write.a]\nurl = "http://a/w"\nheader = {}', r"unknown key remote_write\.a\.header; did you mean"),
    ],
)
def test_a_receiver_that_cannot_be_is_told_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        configuration.parse(tomllib.loads(text), "f")


@pytest.mark.parametrize(
    ("listen", "local", "url"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:8080"),
        ("::1", True, "http://[::1]:8080"),
        ("0.0.0.0", False, "https://127.0.0.1:8080"),
        ("192.0.2.7", False, "https://192.0.2.7:8080"),
    ],
)
def test_only_loopback_is_served_without_tls(listen: str, local: bool, url: str) -> None:
    settings = configuration.with_listen(Configuration(), listen)
    assert (settings.is_local, settings.local_url) == (local, url)


def test_the_hours_of_speed_tests_are_hanois() -> None:
    assert parse_hours("") is None
    assert parse_hours("01:00-04:30") == ThroughputWindow(18 * 60, 21 * 60 + 30)
    assert parse_hours("06:00-08:00") == ThroughputWindow(23 * 60, 60)
