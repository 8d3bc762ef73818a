"""A machine becomes a node once, by a token, and trusts from the start only the hub that the token names."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agent import __version__
from agent.enrolment import NotNowError, enrol
from agent.failure import UserError
from agent.hub_client import HubAddress, HubAddressError, HubUnreachableError, parse_address
from agent.state import Identity, StateFolder
from agent.wire.enrolment import EnrolmentToken
from tests.agent import certificates
from tests.agent.hub import KEY, Hub, free_port, serving

SECRET = "a" * 32


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


def test_over_plain_http_on_loopback(state: StateFolder) -> None:
    with serving() as hub:
        identity = enrol(parse_address(hub.url), EnrolmentToken(SECRET), state, None)
    assert identity == Identity("n1", "yen-thai", hub.url, KEY)
    assert state.load() == identity
    assert stat.S_IMODE(state.key.stat().st_mode) == 0o600
    assert hub.enrolled[0]["version"] == __version__
    assert hub.enrolled[0]["hostname"] == os.uname().nodename
    assert not state.ca.exists()


def test_over_tls_with_the_authority_that_the_token_names(state: StateFolder, tmp_path: Path) -> None:
    made = certificates.make(tmp_path)
    hub = Hub(ca_pem=made.ca_pem, token=f"ts-{SECRET}.{made.sha256}")
    with serving(hub, made.server):
        identity = enrol(parse_address(hub.url), EnrolmentToken(SECRET, made.sha256), state, None)
    assert identity.hub.startswith("https://")
    assert state.ca.read_bytes() == made.ca_pem


def test_a_hub_with_another_fingerprint_gets_no_token(state: StateFolder, tmp_path: Path) -> None:
    right, wrong = certificates.make(tmp_path), certificates.make(tmp_path, name="impostor")
    hub = Hub(ca_pem=wrong.ca_pem)
    with serving(hub, wrong.server), pytest.raises(UserError) as raised:
        enrol(parse_address(hub.url), EnrolmentToken(SECRET, right.sha256), state, None)
    assert str(raised.value) == (
        f"{hub.url}: its certificate has the fingerprint {wrong.sha256[:16]}…, the token says "
        f"{right.sha256[:16]}…; someone may be listening between, or the token is of another hub"
    )
    assert hub.enrolled == []
    assert state.load() is None


def test_a_hub_that_shows_the_right_authority_without_its_key_gets_no_token(
    state: StateFolder, tmp_path: Path
) -> None:
    right, wrong = certificates.make(tmp_path), certificates.make(tmp_path, name="impostor")
    hub = Hub(ca_pem=right.ca_pem)
    with serving(hub, wrong.server), pytest.raises(HubUnreachableError, match="not the one this node trusts"):
        enrol(parse_address(hub.url), EnrolmentToken(SECRET, right.sha256), state, None)
    assert hub.enrolled == []


def test_a_token_of_a_tls_hub_is_not_sent_in_the_clear(state: StateFolder) -> None:
    with serving() as hub, pytest.raises(UserError) as raised:
        enrol(parse_address(hub.url), EnrolmentToken(SECRET, "0" * 64), state, None)
    assert str(raised.value) == f"{hub.url}: this token is of a hub with TLS; give its address with https://"


@pytest.mark.parametrize("body", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_said_to_be_none(state: StateFolder, tmp_path: Path, body: bytes) -> None:
    made = certificates.make(tmp_path)
    with serving(Hub(ca_pem=body), made.server) as hub, pytest.raises(UserError):
        enrol(parse_address(hub.url), EnrolmentToken(SECRET, made.sha256), state, None)
    assert hub.enrolled == []


def test_a_token_that_was_used_is_refused_in_words(state: StateFolder) -> None:
    with serving() as hub:
        enrol(parse_address(hub.url), EnrolmentToken(SECRET), state, None)
        with pytest.raises(UserError) as raised:
            enrol(parse_address(hub.url), EnrolmentToken(SECRET), state, None)
    assert str(raised.value) == (
        f"{hub.url}: the token is wrong, used or expired (The enrolment token is not right.); "
        "make a new one on the hub with: thongsuot agent token --site CODE"
    )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_that_is_not_well_is_asked_again(state: StateFolder, status: int) -> None:
    with serving(Hub(enrol_status=status)) as hub, pytest.raises(NotNowError):
        enrol(parse_address(hub.url), EnrolmentToken(SECRET), state, None)


@pytest.mark.parametrize("status", [200, 404])
def test_something_that_is_no_hub_is_said_to_be_none(state: StateFolder, status: int) -> None:
    with serving(Hub(enrol_status=status)) as hub, pytest.raises(UserError, match=r"is this the hub\?$"):
        enrol(parse_address(hub.url), EnrolmentToken(SECRET), state, None)


def test_a_closed_port_is_an_unreachable_hub(state: StateFolder) -> None:
    with pytest.raises(HubUnreachableError, match="the port is closed: is the hub running"):
        enrol(HubAddress(False, "127.0.0.1", free_port()), EnrolmentToken(SECRET), state, None)


def test_a_damaged_identity_is_said_with_the_cure(state: StateFolder) -> None:
    state.store(Identity("n1", "s", "http://h", "k"), None)
    state.identity.write_bytes(b"{")
    with pytest.raises(UserError, match="is damaged; enrol again with: thongsuot-agent enrol"):
        state.load()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8080", HubAddress(False, "127.0.0.1", 8080)),
        ("https://hub.example.vn", HubAddress(True, "hub.example.vn", 443)),
        ("https://hub.example.vn/thongsuot/", HubAddress(True, "hub.example.vn", 443, "/thongsuot")),
        ("http://[::1]:8080", HubAddress(False, "::1", 8080)),
    ],
)
def test_addresses_are_read(text: str, address: HubAddress) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hub.example.vn", "does not begin with http:// or https:// and a name"),
        ("ftp://hub", "does not begin with http:// or https:// and a name"),
        ("https://", "does not begin with http:// or https:// and a name"),
        ("https://hub:99999", "Port out of range 0-65535"),
        ("https://hub:x", "Port could not be cast to integer value as 'x'"),
        ("https://hub?a=1", "holds more than name, port and path"),
        ("https://me@hub", "holds more than name, port and path"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(HubAddressError) as raised:
        parse_address(text)
    assert message in str(raised.value)
    assert str(raised.value).endswith("expected something like https://hub.example.vn:8443")
