"""ICMP on the wire and over real sockets."""

from __future__ import annotations

import select
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes.icmp_packets import (
    EchoReply,
    TimeExceeded,
    encode_request,
    internet_checksum,
    parse_message,
    quoted_request,
    strip_ipv4,
)
from agent.probes.icmp_socket import EchoSocket, Received, offender
from agent.probes.routes import DefaultRoute, parse_ipv6_route, parse_route

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth1\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0107A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0007A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""
ROUTES_6 = (
    "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 "
    "00000100 00000001 00000000 00000001     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe8000000000000000000000000000aa "
    "00000400 00000001 00000000 00450003     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 "
    "ffffffff 00000001 00000000 00200200       lo\n"
)


def test_the_default_route_with_the_lowest_metric_is_taken() -> None:
    assert parse_route(ROUTES) == DefaultRoute("eth0", "192.168.7.1")
    assert parse_ipv6_route(ROUTES_6) == DefaultRoute("eth0", "fe80::aa%eth0")


def test_without_a_default_route_there_is_none() -> None:
    assert parse_route("") is None
    assert parse_route(ROUTES.splitlines()[0] + "\n" + ROUTES.splitlines()[3]) is None
    assert parse_ipv6_route(ROUTES_6.splitlines()[2]) is None


def test_a_line_without_gateway_has_an_interface() -> None:
    ppp = ROUTES.splitlines()[0] + "\nppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
    assert parse_route(ppp) == DefaultRoute("ppp0", None)


@given(st.text())
def test_any_text_is_a_route_table_or_none(text: str) -> None:
    for parse in (parse_route, parse_ipv6_route):
        assert isinstance(parse(text), DefaultRoute | None)


@given(st.sampled_from([4, 6]), st.binary(max_size=120))
def test_any_packet_is_an_answer_or_nothing(version: int, packet: bytes) -> None:
    assert isinstance(parse_message(version, packet), EchoReply | TimeExceeded | None)
    assert isinstance(parse_message(4, strip_ipv4(packet)), EchoReply | TimeExceeded | None)
    assert isinstance(quoted_request(version, packet), TimeExceeded | None)
    assert isinstance(offender(version, [(0, 11, packet), (41, 25, packet)]), str | None)


@given(st.binary(max_size=80))
def test_a_checksum_makes_the_whole_sum_zero(payload: bytes) -> None:
    assert internet_checksum(encode_request(4, 7, 9, payload)) == 0


def test_a_router_that_let_a_request_die_is_understood() -> None:
    request = encode_request(4, 77, 5, b"x" * 8)
    header = bytes([0x45, 0, 0, 36, 0, 0, 0, 0, 1, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2])
    assert parse_message(4, bytes([11, 0, 0, 0, 0, 0, 0, 0]) + header + request) == TimeExceeded(77, 5)
    error = struct.pack("@IBBBBII", 113, 2, 11, 0, 0, 0, 0) + struct.pack("@HH", 2, 0) + bytes([10, 0, 0, 9])
    assert offender(4, [(0, 11, error)]) == "10.0.0.9"


@pytest.mark.parametrize(("version", "address"), [(4, "127.0.0.1"), (6, "::1")])
@pytest.mark.parametrize("raw", [False, True])
def test_a_real_request_is_answered(version: int, address: str, raw: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if raw:
        opening = EchoSocket._open

        def refuse(self: EchoSocket, kind: socket.SocketKind) -> socket.socket:
            if kind == socket.SOCK_DGRAM:
                raise PermissionError
            return opening(self, kind)

        monkeypatch.setattr(EchoSocket, "_open", refuse)
    with EchoSocket(version) as one:
        assert one.raw or not raw
        sent_at = one.send(address, 5, b"token")
        found: list[Received] = []
        while not found:
            assert select.select([one], [], [], 5)[0]
            found = list(one.receive())
        (received,) = found
        assert isinstance(received.message, EchoReply)
        assert (received.message.sequence_number, received.message.payload) == (5, b"token")
        assert received.sender == address
        assert received.received_at >= sent_at - 0.001
