"""Which devices of a site its node asks, and how; what the file of secrets may say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from agent.wire.configuration import parse_configuration
from collector import directory
from collector.directory import editing, load_view
from collector.directory.draft import Draft
from collector.http.enrolment import node_configuration
from collector.settings import CollectorSettings
from collector.snmp_access import SnmpAccess, SnmpAccessError, parse

FILE = """
[default]
kinds = ["router", "ups"]
community = "bi-mat"

[devices.r-v3]
version = "3"
user = "giam-sat"
auth_password = "mat-khau-1"
priv_password = "mat-khau-2"
wan_interface = "ether1"
interval_seconds = 30
"""


def add(session: Session, code: str, kind: str, site: str, address: str) -> None:
    draft = Draft(session)
    editing.create(draft, "devices", {"code": code, "name": code, "kind": kind, "site": site, "address": address})
    editing.commit(draft, actor="lan", now=1.0)


@pytest.fixture
def office(session: Session) -> None:
    for site in ("kx", "yl"):
        directory.ensure_site(session, site, site.upper())
    add(session, "r-v3", "router", "kx", "192.168.1.1")
    add(session, "bo-luu-dien", "ups", "kx", "192.168.1.5")
    add(session, "may-in", "printer", "kx", "192.168.1.9")
    add(session, "chua-ro", "router", "kx", "")
    add(session, "noi-khac", "router", "yl", "192.168.1.1")


def asked(session: Session, access: SnmpAccess, site: str, hostname: str) -> list[tuple[str, str, str]]:
    token = directory.issue_token(session, site, 1.0)
    node = directory.enrol(session, str(token), hostname, "Linux", "0.1.0", 2.0)
    view = load_view(session)
    identity = next(one for one in view.by_key.values() if one.node == node.node)
    settings = CollectorSettings(Path("run"), snmp=access, processes=("soffice.bin",))
    told = node_configuration(identity, view, settings)
    # As it travels.
    assert parse_configuration(json.loads(json.dumps(told.to_json()))) == told
    assert told.processes == ("soffice.bin",)
    return [(one.name, one.address, one.version) for one in told.devices]


def test_a_sites_first_node_asks_its_gear(session: Session, office: None) -> None:
    access = parse(FILE)
    assert asked(session, access, "kx", "a") == [("bo-luu-dien", "192.168.1.5", "2c"), ("r-v3", "192.168.1.1", "3")]
    assert asked(session, access, "kx", "b") == []
    assert asked(session, access, "yl", "c") == [("noi-khac", "192.168.1.1", "2c")]


def test_without_a_file_nothing_is_asked(session: Session, office: None) -> None:
    assert asked(session, SnmpAccess(), "kx", "a") == []


def test_what_the_file_says_reaches_the_node_and_no_text() -> None:
    access = parse(FILE)
    assert "bi-mat" not in repr(access)
    assert "mat-khau" not in repr(access)
    from collector.directory.view import DeviceRecord

    found = access.of(DeviceRecord("r-v3", "kx", "router", "192.168.1.1"))
    assert found is not None
    assert (found.user, found.auth_password, found.wan_interface, found.interval_seconds) == (
        "giam-sat", "mat-khau-1", "ether1", 30,
    )  # fmt: skip
    assert "mat-khau" not in repr(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[default", "not valid TOML"),
        ("[defaults]", "unknown section"),
        ('[default]\ncommunity = "bi-mat"', "default.kinds"),
        ('[default]\nkinds = ["router"]\nversion = "1"', "default.version"),
        ('[devices.r]\ncomunity = "bi-mat"', "devices.r.comunity is unknown"),
        ("[devices]\nr = 1", "devices.r is not a section"),
        ("[devices.r]\ncommunity = 5", "devices.r.community"),
        ("[devices.r]\ninterval_seconds = 1", "devices.r.interval_seconds"),
    ],
)
def test_a_bad_file_is_refused_with_its_field_and_without_its_secrets(text: str, why: str) -> None:
    with pytest.raises(SnmpAccessError, match=why) as found:
        parse(text)
    assert "bi-mat" not in str(found.value)
