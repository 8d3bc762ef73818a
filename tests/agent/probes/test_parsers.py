"""What the probes read from outside: a result or the peer's error, nothing else."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import example, given
from hypothesis import strategies as st

from agent.probes.certificate import CertificateError, not_after
from agent.probes.dns import agree, parse_resolv_conf
from agent.probes.dns_packets import AAAA, A, Answer, DnsError, encode_question, parse_answer
from agent.probes.http import Place, parse_place
from agent.probes.http_head import Head, HeadError, parse_head
from agent.probes.path import Path, differs, fill, first_hop_candidates
from agent.probes.probe import ProbeFailedError
from tests.agent import certificates

NAME = "hop.yenthai.gov.vn"
QUESTION = encode_question(7, NAME, A)
POINTER = b"\xc0\x0c"


def answer(*records: bytes, code: int = 0, flags: int = 0x8180) -> bytes:
    return (
        QUESTION[:2]
        + (flags | code).to_bytes(2, "big")
        + b"\0\1"
        + bytes([0, len(records)])
        + bytes(4)
        + (QUESTION[12:] + b"".join(records))
    )


def record(kind: int, content: bytes) -> bytes:
    return POINTER + kind.to_bytes(2, "big") + b"\0\1" + bytes(4) + len(content).to_bytes(2, "big") + content


def test_addresses_are_found_past_aliases() -> None:
    message = answer(record(5, b"\3cdn" + POINTER), record(A, bytes([10, 0, 0, 2])), record(A, bytes([10, 0, 0, 1])))
    assert parse_answer(message, 7, NAME.upper(), A) == Answer(0, ("10.0.0.1", "10.0.0.2"))


def test_no_such_name_is_an_answer_and_a_cut_one_says_so() -> None:
    assert parse_answer(answer(code=3), 7, NAME, A) == Answer(3, ())
    assert parse_answer(answer(flags=0x8380), 7, NAME, A).truncated


@pytest.mark.parametrize(
    "message", [answer()[:8], b"\0\0" + answer()[2:], QUESTION, answer(record(A, b"\1\2\3\4"))[:-2], answer(b"\xc0")]
)
def test_answers_that_are_none_are_refused(message: bytes) -> None:
    with pytest.raises(DnsError):
        parse_answer(message, 7, NAME, A)


def test_pointers_in_a_circle_end() -> None:
    at = len(QUESTION)
    circle = (0xC000 | at).to_bytes(2, "big")
    with pytest.raises(DnsError, match="a name without end"):
        parse_answer(answer(circle), 7, NAME, A)


@given(st.binary(max_size=300), st.sampled_from([A, AAAA]))
def test_any_datagram_is_an_answer_or_an_error(message: bytes, kind: int) -> None:
    for one in (message, answer(message), answer() + message):
        try:
            assert isinstance(parse_answer(one, 7, NAME, kind), Answer)
        except DnsError:
            continue


@given(st.text())
@example("a" * 64 + ".vn")
@example("xã.vn")
def test_any_name_is_a_question_or_an_error(name: str) -> None:
    try:
        question = encode_question(1, name, A)
    except DnsError:
        return
    assert len(question) <= 12 + 255 + 4


def test_resolvers_agree_when_they_share_an_address_or_have_none() -> None:
    def of(*addresses: str) -> Answer:
        return Answer(0, addresses)

    assert agree([of("1", "2"), of("2", "3")])
    assert agree([of(), of()])
    assert not agree([of("1"), of("2")])
    assert not agree([of("1"), of()])
    assert agree([of("1"), Answer(0, (), truncated=True)])


def test_name_servers_of_a_machine_are_read() -> None:
    text = (
        "# comment\nsearch vn\nnameserver 203.162.4.190\nnameserver fe80::1%eth0\nnameserver nonsense\nnameserver\n"
    )
    assert parse_resolv_conf(text) == ("203.162.4.190", "fe80::1%eth0")


def test_a_head_tells_status_and_length() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 12\r\n\r\n") == Head(200, 12)
    assert parse_head(b"HTTP/1.0 404\r\nX: y\r\n\r\n") == Head(404, None)


@given(st.binary(max_size=200))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
def test_any_bytes_are_a_head_or_an_error(head: bytes) -> None:
    for one in (head, b"HTTP/1.1 200 OK\r\n" + head):
        try:
            assert isinstance(parse_head(one), Head)
        except HeadError:
            continue


def test_urls_are_taken_apart() -> None:
    assert parse_place("https://hub.vn/x?y=1") == Place(True, "hub.vn", 443, "/x?y=1")
    assert parse_place("http://[2001:db8::1]:8080").host_header == "[2001:db8::1]:8080"


@given(st.text() | st.text().map("http://".__add__))
@example("http://[")
@example("http://a:99999/")
@example("http://a/\r\nX: y")
def test_any_text_is_a_url_or_a_failed_probe(text: str) -> None:
    try:
        place = parse_place(text)
    except ProbeFailedError:
        return
    assert place.host
    assert not {"\r", "\n", " "} & set(place.path)


def test_the_end_of_a_certificate_is_read_from_its_bytes(tmp_path: FilePath) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.make(tmp_path).server.read_bytes())
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert not_after(der) == certificate.not_valid_after_utc.timestamp()
    for cut in range(0, len(der) // 2, 7):
        with pytest.raises(CertificateError):
            not_after(der[:cut])


@given(st.binary(max_size=200))
@example(b"\x30\x84\xff\xff\xff\xff")
def test_any_bytes_are_a_certificate_or_an_error(der: bytes) -> None:
    wrapped = b"\x30\x81\xff\x30\x81" + bytes([min(len(der), 255)]) + der
    for one in (der, wrapped.ljust(258, b"\0")):
        try:
            assert isinstance(not_after(one), float)
        except CertificateError:
            continue


def test_the_first_hop_is_the_first_public_router_beyond_the_gateway() -> None:
    path = Path(("192.168.1.1", "10.20.0.1", None, "113.160.1.1", "203.162.1.1", "203.0.113.9"), reached=True)
    assert first_hop_candidates(path, "192.168.1.1") == ("113.160.1.1", "203.162.1.1", "10.20.0.1")
    shared = Path(("192.168.1.1", "100.64.0.1", "113.160.1.1", "203.0.113.9"), reached=True)
    assert first_hop_candidates(shared, "192.168.1.1")[0] == "100.64.0.1"


def test_a_network_of_private_addresses_has_a_first_hop_too() -> None:
    path = Path(("10.1.1.1", "10.9.0.1", "10.0.0.5"), reached=True)
    assert first_hop_candidates(path, "10.1.1.1") == ("10.9.0.1",)


def test_a_hub_on_the_lan_has_no_first_hop_before_it() -> None:
    assert first_hop_candidates(Path(("192.168.1.9",), reached=True), "192.168.1.1") == ()
    assert first_hop_candidates(Path(("192.168.1.1", "10.0.0.5"), reached=True), "192.168.1.1") == ()


def test_silent_hops_are_no_change_of_the_path() -> None:
    before = Path(("a", "b", "c"), reached=True)
    assert not differs(Path(("a", None, "c"), reached=True), before)
    assert fill(Path(("a", None, "c"), reached=True), before) == before
    assert differs(Path(("a", "x", "c"), reached=True), before)
    assert differs(Path(("a", "c"), reached=True), before)
