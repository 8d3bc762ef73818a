"""Every parser of outside bytes gives a result or the peer's error, nothing else; what is encoded decodes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import cramjam
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.probes.stamp import StampSession
from agent.probes.stamp_socket import awaiting_text, parse_awaiting
from agent.wire import remote_write, stamp
from agent.wire.configuration import (
    ConfigurationError,
    LineConfiguration,
    NodeConfiguration,
    ProbesConfiguration,
    ProbeTarget,
    StampTarget,
    ThroughputWindow,
    parse_configuration,
)
from agent.wire.enrolment import EnrolmentToken, TokenFormatError, parse_token
from tests.agent.hub import decode

KEY = bytes(32)
numbers = st.integers(0, 0xFFFF_FFFF)
times = st.floats(0, 4e9, allow_nan=False)


@given(st.binary(max_size=200))
@example(bytes(112))
def test_any_datagram_is_a_stamp_packet_or_an_error(datagram: bytes) -> None:
    for parse in (stamp.decode_reflector, stamp.decode_sender):
        with pytest.raises(stamp.StampError):
            parse(datagram, KEY)


@given(st.lists(st.binary(max_size=130), max_size=20))
def test_any_datagram_leaves_a_session_measuring(datagrams: list[bytes]) -> None:
    session = StampSession(1, KEY, 10, 0.0, 1e9)
    for datagram in datagrams:
        session.receive(datagram, 0, 0.0)
    assert session.rejected == len(datagrams)
    assert session.due(1.0, 1e9 + 1)


@given(numbers, times, numbers, times, st.integers(0, 65535), st.integers(0, 255), numbers)
def test_any_verified_answer_leaves_a_session_measuring(
    number: int, reflected: float, answered: int, received: float, ssid: int, ttl: int, start: int
) -> None:
    session = StampSession(1, KEY, 10, 0.0, 1e9)
    for step in range(1, 30):
        for transmit in session.due(step / 10, 1e9 + step / 10):
            session.sent(transmit, step / 10)
        packet = stamp.ReflectorPacket(number, reflected, ssid, received, answered % 40, 0.0, ttl, start)
        session.receive(stamp.encode_reflector(packet, KEY), 0, step / 10)
    for step in range(30, 400):
        session.due(step / 10, 1e9 + step / 10)
    for report in session.reports(100):
        assert report.start % 10 == 0


@given(numbers, times, st.integers(0, 65535))
def test_sender_packets_decode_as_encoded(number: int, unix: float, ssid: int) -> None:
    datagram = stamp.encode_sender(stamp.SenderPacket(number, unix, ssid), KEY)
    assert len(datagram) == stamp.PACKET_BYTES
    assert stamp.peek_ssid(datagram) == ssid
    found = stamp.decode_sender(datagram, KEY)
    assert (found.sequence_number, found.ssid) == (number, ssid)
    assert found.timestamp == pytest.approx(unix, abs=1e-6)


@given(numbers, times, numbers, times, st.integers(0, 65535), st.integers(0, 255), numbers)
def test_reflector_packets_decode_as_encoded(
    number: int, unix: float, sender: int, received: float, ssid: int, ttl: int, start: int
) -> None:
    packet = stamp.ReflectorPacket(number, unix, ssid, received, sender, unix, ttl, start)
    found = stamp.decode_reflector(stamp.encode_reflector(packet, KEY), KEY)
    assert (found.sequence_number, found.sender_sequence_number, found.ssid) == (number, sender, ssid)
    assert (found.sender_ttl, found.reflector_start) == (ttl, start)
    assert found.receive_timestamp == pytest.approx(received, abs=1e-6)


@given(st.integers(0, 111), st.integers(1, 255))
def test_a_packet_changed_anywhere_does_not_verify(place: int, change: int) -> None:
    datagram = bytearray(stamp.encode_sender(stamp.SenderPacket(1, 1e9, 2), KEY))
    datagram[place] ^= change
    with pytest.raises(stamp.StampError):
        stamp.decode_sender(bytes(datagram), KEY)


def test_a_reflector_that_does_not_say_its_start_sends_the_reserved_bytes_as_zero() -> None:
    packet = stamp.ReflectorPacket(1, 2.0, 3, 4.0, 5, 6.0, 7)
    assert stamp.encode_reflector(packet, KEY)[81:96] == bytes(15)


@given(st.text())
@example("ts-" + "a" * 32)
@example("ts-" + "a" * 32 + "." + "0" * 64)
@example(" ts-" + "7" * 32 + "\n")
def test_any_text_is_a_token_or_an_error(text: str) -> None:
    try:
        token = parse_token(text)
    except TokenFormatError:
        return
    assert parse_token(str(token)) == token


def test_a_token_is_read_back() -> None:
    token = EnrolmentToken("b" * 32, "1" * 64)
    assert parse_token(str(token)) == token


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_any_document_is_a_configuration_or_an_error(document: Any) -> None:
    with pytest.raises(ConfigurationError):
        parse_configuration(document)


GOOD: dict[str, Any] = {
    "node": "n1",
    "site": "yen-thai",
    "sampling_interval_seconds": 15,
    "lines": [
        {
            "line": "l1",
            "stamp": {"host": "", "port": 862, "ssid": 1, "key": "00ff", "packets_per_second": 10},
        }
    ],
}


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = json.loads(json.dumps(GOOD))
    inside = document
    for step in path[:-1]:
        inside = inside[step]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return document  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("node",), ..., "configuration.node is missing or not text"),
        (("site",), 5, "configuration.site is missing or not text"),
        (
            ("sampling_interval_seconds",),
            0,
            "configuration.sampling_interval_seconds is not a whole number from 1 to 3600",
        ),
        (
            ("sampling_interval_seconds",),
            True,
            "configuration.sampling_interval_seconds is not a whole number from 1 to 3600",
        ),
        (("lines",), {}, "lines is not a list"),
        (("lines", 0), "l1", "lines[0] is not an object"),
        (("lines", 0, "line"), ..., "lines[0].line is missing or not text"),
        (("lines", 0, "stamp"), ..., "lines[0].stamp is not an object"),
        (("lines", 0, "stamp", "port"), 70000, "lines[0].stamp.port is not a whole number from 1 to 65535"),
        (("lines", 0, "stamp", "ssid"), "1", "lines[0].stamp.ssid is not a whole number from 0 to 65535"),
        (("lines", 0, "stamp", "key"), "xy", "lines[0].stamp.key is not hexadecimal"),
        (
            ("lines", 0, "stamp", "packets_per_second"),
            1000,
            "lines[0].stamp.packets_per_second is not a whole number from 1 to 50",
        ),
    ],
)
def test_a_bad_configuration_is_refused_with_the_place(path: tuple[str | int, ...], value: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration(changed(path, value))
    assert str(raised.value) == message


def test_a_configuration_of_a_newer_hub_is_understood() -> None:
    document = changed(("snmp",), {"devices": []})
    document["lines"][0]["icmp"] = True
    expected = NodeConfiguration(
        "n1", "yen-thai", 15, (LineConfiguration("l1", StampTarget("", 862, 1, "00ff", 10)),)
    )
    assert parse_configuration(document) == expected
    assert parse_configuration(json.loads(json.dumps(expected.to_json()))) == expected


def test_probes_of_a_hub_travel_and_what_a_newer_one_adds_is_ignored() -> None:
    document = changed(("probes",), {"targets": [{"probe": "icmp", "target": "hub", "interval_seconds": 1, "x": 1}]})
    document["lines"][0]["download_mbits"] = 100
    document["meeting_running"] = True
    found = parse_configuration(document)
    assert found.probes == ProbesConfiguration((ProbeTarget("icmp", "hub", "", 1),))
    assert found.lines[0].download_mbits == 100
    assert found.meeting_running
    full = replace(found, probes=replace(found.probes, throughput=ThroughputWindow(60, 240), names=("a.vn",)))
    assert parse_configuration(json.loads(json.dumps(full.to_json()))) == full


@pytest.mark.parametrize(
    ("probes", "message"),
    [
        ([], "probes is not an object"),
        ({"targets": {}}, "probes.targets is not a list"),
        ({"targets": [{"probe": "icmp"}]}, "probes.targets[0].target is missing or not text"),
        (
            {"targets": [{"probe": "icmp", "target": "hub", "interval_seconds": 0}]},
            "probes.targets[0].interval_seconds is not a whole number from 1 to 86400",
        ),
        ({"names": [1]}, "probes.names is not a list of texts"),
        (
            {"throughput": {"begin_minute": 1500}},
            "probes.throughput.begin_minute is not a whole number from 0 to 1439",
        ),
    ],
)
def test_bad_probes_are_refused_with_the_place(probes: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration(changed(("probes",), probes))
    assert str(raised.value) == message


labels = st.dictionaries(
    st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"]))
)
samples = st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))


@given(st.lists(st.tuples(labels, st.lists(samples, unique_by=lambda one: one[0])), max_size=5))
def test_remote_write_decodes_as_encoded(many: list[tuple[dict[str, str], list[tuple[int, float]]]]) -> None:
    payload = remote_write.encode(remote_write.Series(tuple(pairs.items()), tuple(points)) for pairs, points in many)
    expected = [(pairs, unix, value) for pairs, points in many for unix, value in sorted(points)]
    assert decode(payload) == expected
    assert bytes(cramjam.snappy.decompress_raw(remote_write.compress(payload))) == payload


def test_not_a_number_travels() -> None:
    payload = remote_write.encode([remote_write.series("a", (), 1, math.nan)])
    assert math.isnan(decode(payload)[0][2])


@given(st.none() | st.text() | json_values.map(lambda value: json.dumps(value)))
def test_anything_left_by_an_earlier_process_is_taken_or_left(text: str | None) -> None:
    runs = parse_awaiting(text)
    assert parse_awaiting(awaiting_text(runs)) == runs
