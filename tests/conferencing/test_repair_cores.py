"""What repairs and measures streams: NACK, RED, H.264, header extensions, transport-wide feedback."""

from __future__ import annotations

import contextlib
import struct

import pytest
from aiortc.rtp import RtcpPacket, RtcpRtpfbPacket
from hypothesis import given
from hypothesis import strategies as st

from conferencing.rtp import h264, red, rtcp, transport_feedback
from conferencing.rtp.extensions import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    PLAYOUT_DELAY_URI,
    TRANSPORT_CC_URI,
    outgoing_block,
    playout_delay,
)
from conferencing.rtp.header import RtpError, extension, parse_header
from conferencing.rtp.nack import LARGEST_GAP, RETRY_LIMIT, NackRequests, generic_nack
from conferencing.rtp.packet_cache import PacketCache
from conferencing.rtp.reception import Reception
from conferencing.rtp.sent_packets import SentPackets
from conferencing.rtp.transport_feedback import TransportArrivals


class TestNack:
    def test_a_gap_is_asked_for_once_per_round_trip_until_it_is_filled(self) -> None:
        requests = NackRequests(patience=5.0)
        for number in (65534, 65538):
            requests.arrived(number, 0.0)
        assert requests.due(0.005, 0.1) == []
        assert requests.due(0.02, 0.1) == [65535, 0, 1]
        assert requests.due(0.1, 0.1) == []
        requests.arrived(65536, 0.11)
        assert requests.due(0.15, 0.1) == [65535, 1]

    def test_it_gives_up_after_so_many_tries_or_when_it_is_of_no_more_use(self) -> None:
        requests = NackRequests(patience=100.0)
        requests.arrived(1, 0.0)
        requests.arrived(3, 0.0)
        asked = sum(len(requests.due(step / 10, 0.01)) for step in range(1, 100))
        assert asked == RETRY_LIMIT
        assert not requests.pending
        sound = NackRequests(patience=0.5)
        sound.arrived(1, 0.0)
        sound.arrived(3, 0.0)
        assert sound.due(0.6, 0.01) == []
        assert sound.given_up == 1

    def test_a_great_gap_is_not_asked_for(self) -> None:
        requests = NackRequests(patience=1.0)
        requests.arrived(0, 0.0)
        assert requests.arrived(LARGEST_GAP + 2, 0.0)
        assert requests.due(0.1, 0.1) == []

    @given(st.lists(st.integers(0, 40), unique=True, min_size=1))
    def test_what_is_written_is_what_another_reads(self, offsets: list[int]) -> None:
        numbers = [(65520 + offset) & 0xFFFF for offset in sorted(offsets)]
        (parsed,) = RtcpPacket.parse(generic_nack(1, 77, numbers))
        assert isinstance(parsed, RtcpRtpfbPacket)
        assert [number & 0xFFFF for number in parsed.lost] == numbers
        assert rtcp.parse_feedback(generic_nack(1, 77, numbers)) == [rtcp.Nack(77, tuple(numbers))]

    @given(st.lists(st.tuples(st.integers(0, 600), st.floats(0, 0.1)), max_size=80))
    def test_whatever_arrives_what_is_missing_is_bounded_and_never_something_that_came(
        self, steps: list[tuple[int, float]]
    ) -> None:
        requests, now, came = NackRequests(patience=1.0), 0.0, set()
        for number, elapsed in steps:
            now += elapsed
            requests.arrived(number, now)
            came.add(number)
            assert not came & set(requests.due(now, 0.05))


class TestRepairedPackets:
    def test_a_repair_is_taken_once_and_the_original_behind_it_not_at_all(self) -> None:
        reception = Reception(1, 90000)
        for number in (65534, 65535, 2):
            assert reception.packet(number, 0, 100, 0.0) is not None
        assert reception.repaired(0, 100) == 65536
        assert reception.repaired(0, 100) is None
        assert reception.packet(0, 0, 100, 0.1) is None
        assert reception.packet(1, 0, 100, 0.1) == 65537

    def test_repairs_of_what_is_too_old_or_not_yet_sent_are_refused(self) -> None:
        reception = Reception(1, 90000)
        assert reception.repaired(5, 100) is None
        reception.packet(5000, 0, 100, 0.0)
        assert reception.repaired(4999, 100) is None
        assert reception.repaired(5001, 100) is None

    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=120))
    def test_no_extended_number_is_ever_given_twice(self, steps: list[tuple[bool, int]]) -> None:
        reception = Reception(1, 90000)
        given_out = []
        for repair, number in steps:
            extended = reception.repaired(number, 1) if repair else reception.packet(number, 0, 1, 0.0)
            if extended is not None:
                given_out.append(extended)
        assert len(given_out) == len(set(given_out))

    def test_a_probe_finds_the_latest_packets(self) -> None:
        cache: PacketCache[str] = PacketCache(4)
        assert cache.recent(0) is None
        for number in (65534, 65535, 0):
            cache.store(number, str(number))
        assert cache.recent(0) == (0, "0")
        assert cache.recent(2) == (65534, "65534")
        assert cache.recent(3) is None


def red_payload(*sizes: int) -> bytes:
    heads = b"".join(struct.pack("!I", 1 << 31 | 111 << 24 | 960 << 10 | size) for size in sizes)
    return heads + bytes([111]) + b"".join(bytes([n]) * size for n, size in enumerate(sizes)) + b"primary"


class TestPayloads:
    @pytest.mark.parametrize("sizes", [(), (20,), (3, 200, 1023)])
    def test_the_primary_block_of_red_is_found(self, sizes: tuple[int, ...]) -> None:
        payload = b"head" + red_payload(*sizes)
        found = red.primary(payload, 4, len(payload))
        assert (found.payload_type, payload[found.start :]) == (111, b"primary")

    @given(st.binary(max_size=40))
    def test_any_bytes_as_red(self, payload: bytes) -> None:
        with contextlib.suppress(RtpError):
            assert red.primary(payload, 0, len(payload)).start <= len(payload)

    def test_a_key_frame_of_h264_begins_with_its_parameter_set(self) -> None:
        sps, pps, idr = b"\x67abc", b"\x68d", b"\x65" + b"x" * 30
        together = b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in (sps, pps))
        for payload, starts in (
            (sps, True),
            (together, True),
            (idr, False),
            (b"\x41xx", False),
            (b"\x7c\x85x", False),
        ):
            assert h264.starts_keyframe(payload, 0, len(payload)) is starts

    @given(st.binary(max_size=40))
    def test_any_bytes_as_h264(self, payload: bytes) -> None:
        with contextlib.suppress(RtpError):
            h264.starts_keyframe(payload, 0, len(payload))


IDS = {MID_URI: 4, TRANSPORT_CC_URI: 3, ABS_SEND_TIME_URI: 2, AUDIO_LEVEL_URI: 1, PLAYOUT_DELAY_URI: 5}


class TestExtensions:
    @given(st.sets(st.sampled_from(sorted(IDS))), st.none() | st.text("ab7", min_size=1, max_size=16), st.booleans())
    def test_what_is_written_is_read_by_the_receivers_ids(self, uris: set[str], mid: str | None, video: bool) -> None:
        ids = {uri: IDS[uri] for uri in uris}
        block = outgoing_block(ids, mid, video=video)
        packet = bytearray(
            struct.pack("!BBHII", 0x90 if block.octets else 0x80, 96, 1, 2, 3) + block.octets + b"rest"
        )
        if block.transport_position:
            packet[block.transport_position : block.transport_position + 2] = b"\xab\xcd"
        if block.level_position:
            packet[block.level_position] = 0x85
        header = parse_header(packet, len(packet))
        assert packet[header.payload_start :] == b"rest"
        if MID_URI in ids and mid is not None:
            assert extension(packet, header, 4) == mid.encode()
        if TRANSPORT_CC_URI in ids:
            assert extension(packet, header, 3) == b"\xab\xcd"
            assert extension(packet, header, 2) is None
        if AUDIO_LEVEL_URI in ids:
            assert extension(packet, header, 1) == (None if video else b"\x85")
        if PLAYOUT_DELAY_URI in ids and video:
            assert extension(packet, header, 5) == playout_delay(0)

    def test_ids_beyond_the_short_form_are_left_out(self) -> None:
        assert outgoing_block({MID_URI: 15}, "0", video=True).octets == b""


class TestTransportFeedback:
    @given(
        st.integers(0, 0xFFFF),
        st.lists(st.tuples(st.booleans(), st.floats(-0.05, 3.0)), min_size=1, max_size=300),
    )
    def test_what_is_said_of_arrivals_is_read_again(self, first: int, steps: list[tuple[bool, float]]) -> None:
        arrivals, now, wanted = TransportArrivals(), 1000.0, {}
        for offset, (came, elapsed) in enumerate(steps):
            now = max(1000.0, now + elapsed)
            if came or not offset:
                arrivals.arrived((first + offset) & 0xFFFF, now)
                wanted[(first + offset) & 0xFFFF] = now
        found: dict[int, float | None] = {}
        for message in arrivals.messages(1, 2):
            assert len(message) % 4 == 0
            (item,) = rtcp.parse_feedback(message)
            assert isinstance(item, rtcp.TransportFeedbackReceived)
            found.update(item.feedback.arrivals)
        assert {number for number, time in found.items() if time is not None} == wanted.keys()
        for number, time in wanted.items():
            heard = found[number]
            assert heard is not None and abs(heard - time) < 0.0002
        assert arrivals.messages(1, 2) == []

    def test_what_was_lost_between_two_messages_is_said(self) -> None:
        arrivals = TransportArrivals()
        arrivals.arrived(10, 1.0)
        arrivals.messages(1, 2)
        arrivals.arrived(13, 1.1)
        (message,) = arrivals.messages(1, 2)
        (item,) = rtcp.parse_feedback(message)
        assert isinstance(item, rtcp.TransportFeedbackReceived)
        assert [(n, t is not None) for n, t in item.feedback.arrivals] == [(11, False), (12, False), (13, True)]
        assert item.feedback.count == 1

    def test_the_drafts_chunks_are_read(self) -> None:
        # Base 5, four packets: a run of two small deltas, then a vector of one bit: lost, received.
        fci = struct.pack("!HHI", 5, 4, 2 << 8 | 9) + b"\x20\x02" + b"\x90\x00" + bytes([4, 8, 12])
        found = transport_feedback.parse(fci)
        assert found.count == 9
        assert found.arrivals == ((5, 0.129), (6, 0.131), (7, None), (8, 0.134))

    @given(st.binary(max_size=80))
    def test_any_bytes_as_feedback(self, fci: bytes) -> None:
        with contextlib.suppress(RtpError):
            transport_feedback.parse(fci)

    @given(st.binary(max_size=60))
    def test_any_body_in_a_true_packet(self, body: bytes) -> None:
        body = body[: len(body) // 4 * 4]
        with contextlib.suppress(RtpError):
            rtcp.parse_feedback(struct.pack("!BBHII", 0x8F, 205, 2 + len(body) // 4, 1, 2) + body)

    def test_a_packet_is_acknowledged_once_and_under_its_own_number_only(self) -> None:
        sent = SentPackets()
        numbers = [sent.sent(100 + n, float(n)) for n in range(3)]
        feedback = transport_feedback.TransportFeedback(0, ((numbers[1], 7.0), (numbers[2], None), (4097, 1.0)))
        assert [(one.octets, one.arrived) for one in sent.acknowledge(feedback)] == [(101, 7.0), (102, None)]
        assert sent.acknowledge(feedback) == []
