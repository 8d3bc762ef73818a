"""`check` says step by step what works, whose fault it is when not, and what to do."""

from __future__ import annotations

import socket
import string
from pathlib import Path

import pytest

from agent.check import Asked, Finding, hub_clock_offset, line, run
from agent.check_words import WORDS
from agent.failure import UserError
from agent.hub_client import Answer, parse_address
from agent.state import Identity, StateFolder
from tests.agent import certificates
from tests.agent.hub import KEY, TOKEN, Hub, Reflector, free_port, reflecting, serving
from tests.agent.test_running_agent import configuration

STAMP_KEY = bytes(range(32))


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.prepare()
    return folder


def enrolled(state: StateFolder, hub: Hub, ca_pem: bytes | None = None) -> StateFolder:
    state.store(Identity("n1", "yen-thai", hub.url, KEY), ca_pem)
    return state


def said(asked: Asked) -> dict[str, bool]:
    return {finding.words: finding.good for finding in run(asked)}


def test_everything_works(state: StateFolder) -> None:
    with reflecting(Reflector(STAMP_KEY)) as reflector, serving() as hub:
        hub.configuration = configuration(("l1", reflector.port))
        findings = list(run(Asked(enrolled(state, hub))))
    assert all(finding.good for finding in findings)
    assert [finding.words for finding in findings] == [
        "folder_empty", "enrolled", "name_good", "port_good", "http_good", "key_good", "clock_good", "line_good",
    ]  # fmt: skip
    assert findings[-1].values["answered"] == 10
    assert all(line(finding, "vi").startswith("● ") for finding in findings)


def test_over_tls_the_certificate_is_looked_at(state: StateFolder, tmp_path: Path) -> None:
    made, soon, past = (
        certificates.make(tmp_path, days=days, name=name) for days, name in ((90, "a"), (3, "b"), (-2, "c"))
    )
    for one, word, good in (
        (made, "certificate_good", True),
        (soon, "certificate_soon", True),
        (past, "certificate_bad", False),
    ):
        with serving(Hub(configuration=configuration()), one.server) as hub:
            findings = said(Asked(enrolled(state, hub, one.ca_pem)))
        assert findings[word] is good
        assert ("key_good" in findings) is good
    with serving(Hub(), soon.server) as hub:
        assert said(Asked(enrolled(state, hub, made.ca_pem)))["certificate_bad"] is False


def test_before_enrolment_the_certificate_is_compared_with_the_token(state: StateFolder, tmp_path: Path) -> None:
    made, other = certificates.make(tmp_path), certificates.make(tmp_path, name="other")
    file = tmp_path / "token"
    for one, word, good in ((made, "token_certificate_good", True), (other, "token_certificate_bad", False)):
        file.write_text(f"{TOKEN}.{one.sha256}")
        with serving(Hub(ca_pem=made.ca_pem), made.server) as hub:
            findings = said(Asked(state, parse_address(hub.url), None, file))
        assert findings[word] is good
        assert findings["token_waits"] is True


def test_a_name_that_does_not_exist(state: StateFolder) -> None:
    findings = said(Asked(state, parse_address("http://no-such-host.invalid")))
    assert findings == {"folder_empty": True, "not_enrolled": False, "name_bad": False, "rest_not_tried": False}


def test_a_closed_port(state: StateFolder) -> None:
    findings = said(Asked(state, parse_address(f"http://127.0.0.1:{free_port()}")))
    assert findings["port_bad"] is False
    assert findings["rest_not_tried"] is False


def test_a_port_that_speaks_no_http(state: StateFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(10)
        address = parse_address(f"https://127.0.0.1:{silent.getsockname()[1]}")

        import threading

        def hang_up() -> None:
            for _ in range(2):
                silent.accept()[0].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        findings = said(Asked(state, address))
        thread.join()
    assert findings["port_good"] is True
    assert findings["tls_bad"] is False


def test_a_revoked_key(state: StateFolder) -> None:
    with serving(Hub(refuse_key=True)) as hub:
        findings = said(Asked(enrolled(state, hub)))
    assert findings["http_good"] is True
    assert findings["key_bad"] is False
    assert findings["lines_unknown"] is False


@pytest.mark.parametrize(("offset", "word"), [(1000.0, "clock_behind"), (-1000.0, "clock_ahead")])
def test_a_wrong_clock(state: StateFolder, offset: float, word: str) -> None:
    with serving(Hub(configuration=configuration(), clock_offset=offset)) as hub:
        findings = list(run(Asked(enrolled(state, hub))))
    (found,) = [finding for finding in findings if finding.words.startswith("clock")]
    assert (found.words, found.good, found.values) == (word, False, {"seconds": "1000"})


def test_a_hub_that_assigned_no_line_is_no_failure(state: StateFolder) -> None:
    with serving(Hub(configuration=configuration())) as hub:
        assert said(Asked(enrolled(state, hub)))["lines_none"] is True


def test_udp_that_does_not_come_through(state: StateFolder) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        with serving(Hub(configuration=configuration(("l1", deaf.getsockname()[1])))) as hub:
            assert said(Asked(enrolled(state, hub)))["line_bad"] is False


def test_without_a_hub_to_ask_it_is_wrong_usage(state: StateFolder) -> None:
    with pytest.raises(UserError, match="this node is not enrolled and no hub is named; give --hub URL"):
        list(run(Asked(state)))


@pytest.mark.parametrize(
    ("headers", "offset"),
    [
        ({"x-thongsuot-time": "105.5"}, 5.5),
        ({"date": "Thu, 01 Jan 1970 00:01:45 GMT"}, 5.5),
        ({"x-thongsuot-time": "soon"}, None),
        ({"date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_hub_s_clock_is_read_from_its_answer(headers: dict[str, str], offset: float | None) -> None:
    assert hub_clock_offset(Answer(200, headers), 99.0, 101.0) == offset


@pytest.mark.parametrize("name", WORDS)
def test_both_languages_say_the_same_facts(name: str) -> None:
    def fields(text: str) -> set[str]:
        return {field for _text, field, _spec, _conversion in string.Formatter().parse(text) if field}

    assert fields(WORDS[name]["vi"]) == fields(WORDS[name]["en"])
    values: dict[str, object] = dict.fromkeys(fields(WORDS[name]["vi"]), "x")
    assert line(Finding(False, name, values), "en").startswith("✗ ")
