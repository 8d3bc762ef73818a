"""The sans-I/O cores of forwarding, with time as a parameter."""

from __future__ import annotations

import struct

import pytest

from conferencing.rtp.continuity import LARGEST_GAP, Continuity, OutgoingIds
from conferencing.rtp.header import RtpError, extension, parse_header, write_header
from conferencing.rtp.keyframes import KEYFRAME_REQUESTS_LIMIT, KeyframeRequests
from conferencing.rtp.packet_cache import RESEND_INTERVAL_SECONDS, PacketCache
from conferencing.rtp.reception import Reception
from conferencing.rtp.sender_report import PeerClock, to_ntp
from conferencing.rtp.slots import SLOTS, RoomView, assign
from conferencing.rtp.speakers import STAGE_AFTER_SECONDS, STAGE_HOLD_SECONDS, SpeakerChoice
from conferencing.rtp.vp8 import parse_descriptor, write_picture_id
from tests.conferencing.client import vp8


def rtp(sequence: int = 7, timestamp: int = 1000, extra: bytes = b"", first: int = 0x80) -> bytes:
    return struct.pack("!BBHII", first, 96, sequence, timestamp, 0xCAFE) + extra


class TestHeader:
    def test_contributing_sources_and_extensions_are_stepped_over(self) -> None:
        packet = rtp(first=0x92, extra=bytes(8) + b"\xbe\xde\x00\x01\x10\xaa\x00\x00" + b"payload")
        header = parse_header(packet, len(packet))
        assert packet[header.payload_start :] == b"payload"
        assert extension(packet, header, 1) == b"\xaa"
        assert extension(packet, header, 2) is None

    def test_two_byte_extensions_are_read(self) -> None:
        packet = rtp(first=0x90, extra=b"\x10\x00\x00\x02\x00\x04\x02ab\x05\x01c" + b"payload")
        header = parse_header(packet, len(packet))
        assert extension(packet, header, 4) == b"ab"
        assert extension(packet, header, 5) is None or extension(packet, header, 5) == b"c"

    def test_a_written_header_reads_the_same(self) -> None:
        packet = bytearray(12)
        write_header(
            packet, padding=True, marker=True, payload_type=111, sequence_number=65535, timestamp=2**32 - 1, ssrc=5
        )
        header = parse_header(packet, 12)
        assert (header.payload_type, header.marker, header.padding) == (111, True, True)
        assert (header.sequence_number, header.timestamp, header.ssrc) == (65535, 2**32 - 1, 5)

    @pytest.mark.parametrize(
        "packet", [b"", rtp()[:11], rtp(first=0x40), rtp(first=0x8F), rtp(first=0x90, extra=b"\xbe\xde\x00\x09")]
    )
    def test_damage_is_the_peers_error(self, packet: bytes) -> None:
        with pytest.raises(RtpError):
            parse_header(packet, len(packet))


class TestVp8:
    def test_ids_are_found_and_rewritten_in_place(self) -> None:
        payload = bytearray(vp8(0x1234, keyframe=True, tl0=9))
        found = parse_descriptor(payload, 0, len(payload))
        assert (found.frame_start, found.keyframe) == (True, True)
        assert (found.picture_id, found.picture_id_bits, found.tl0_picture_index) == (0x1234, 15, 9)
        write_picture_id(payload, found.picture_id_position, 15, 0x7FFF)
        assert parse_descriptor(payload, 0, len(payload)).picture_id == 0x7FFF

    def test_a_later_packet_of_a_key_frame_does_not_start_one(self) -> None:
        payload = vp8(1, keyframe=True, start=False)
        assert not parse_descriptor(payload, 0, len(payload)).keyframe

    def test_seven_bit_ids_stay_seven_bits(self) -> None:
        payload = bytearray(b"\x90\x80\x05\x01rest")
        found = parse_descriptor(payload, 0, len(payload))
        assert (found.picture_id, found.picture_id_bits) == (5, 7)
        write_picture_id(payload, found.picture_id_position, 7, 200)
        assert payload[2] == 200 & 0x7F


class TestContinuity:
    def test_a_switch_goes_on_where_the_last_source_ended(self) -> None:
        slot = Continuity(90000, 100, 5000)
        assert slot.follow(70000, 111, 30, 4, 10.0) == OutgoingIds(100, 5000, 30, 4)
        assert slot.follow(70001, 3111, 31, 5, 10.1) == OutgoingIds(101, 8000, 31, 5)
        slot.restart()
        switched = slot.follow(12, 999_999, 700, 200, 10.6)
        assert switched == OutgoingIds(102, 8000 + 45000, 32, 6)
        assert slot.follow(13, 1_002_999, 701, 201, 10.7) == OutgoingIds(103, 8000 + 48000, 33, 7)

    def test_what_is_older_than_the_switch_is_dropped_and_what_is_merely_late_is_not(self) -> None:
        slot = Continuity(48000, 0, 0)
        assert slot.follow(1000, 0, -1, -1, 0.0) is not None
        assert slot.follow(999, 0, -1, -1, 0.0) is None
        assert slot.follow(1005, 50, -1, -1, 0.0) == OutgoingIds(5, 50, -1, -1)
        assert slot.follow(1003, 30, -1, -1, 0.0) == OutgoingIds(3, 30, -1, -1)

    def test_a_restarted_source_is_no_storm_of_losses(self) -> None:
        slot = Continuity(48000, 0, 0)
        slot.follow(0, 0, -1, -1, 0.0)
        jumped = slot.follow(LARGEST_GAP + 500, 123, -1, -1, 0.02)
        assert jumped is not None and jumped.sequence_number == 1

    def test_no_index_is_used_twice_over_any_number_of_switches(self) -> None:
        slot = Continuity(48000, 32000, 0)
        seen = []
        for run in range(300):
            slot.restart()
            for number in range(200):
                ids = slot.follow(run * 7 + number, number * 960, -1, -1, run + number / 50)
                assert ids is not None
                seen.append(ids.sequence_number)
        assert [(number - 32000) & 0xFFFF for number in seen] == [number & 0xFFFF for number in range(60000)]


class TestReception:
    def test_loss_and_jitter_as_rfc_3550_says(self) -> None:
        reception = Reception(1, 8000)
        for number in (65533, 65534, 0, 1):
            reception.packet(number, number * 160 & 0xFFFF, 100, 0.0)
        block = reception.report_block(1.0)
        assert block is not None
        assert (block.packets_lost, block.fraction_lost) == (1, 256 // 5)
        assert block.highest_sequence == (1 << 16) + 1
        assert reception.report_block(2.0) is not None
        # Nothing came in the second interval, and nothing was expected.
        third = reception.report_block(3.0)
        assert third is not None and third.fraction_lost == 0

    def test_extended_numbers_never_repeat_when_a_sender_starts_again(self) -> None:
        reception = Reception(1, 8000)
        said = [reception.packet(n & 0xFFFF, 0, 1, 0.0) for n in (40000, 40001, 100, 101, 60000, 60001)]
        numbers = [number for number in said if number is not None]
        assert len(numbers) == len(said)
        assert numbers == sorted(set(numbers))
        assert [number & 0xFFFF for number in numbers] == [40000, 40001, 100, 101, 60000, 60001]
        assert reception.packets_lost == 0

    def test_the_delay_since_the_last_sender_report_is_told(self) -> None:
        reception = Reception(1, 8000)
        reception.packet(1, 0, 1, 0.0)
        reception.sender_report_arrived(0x1122_3344_5566_7788, 5, 10.0)
        block = reception.report_block(10.5)
        assert block is not None
        assert (block.last_sender_report, block.delay_since_last_sender_report) == (0x3344_5566, 32768)


class TestPeerClock:
    def test_a_foreign_clock_is_read_by_its_least_delayed_report(self) -> None:
        clock, reception = PeerClock(), Reception(1, 48000)
        base = 1_700_000_000.0
        # The peer's clock is an hour behind; its reports take 20 to 80 ms.
        for second, delay in enumerate((0.08, 0.02, 0.05)):
            clock.report(to_ntp(base + second - 3600), base + second + delay)
        reception.sender_report_arrived(to_ntp(base + 2 - 3600), 480_000, base + 2.05)
        assert reception.sender_report is not None
        timestamp = clock.rtp_timestamp_at(reception.sender_report, 48000, base + 3.02)
        assert timestamp is not None
        assert abs(timestamp - (480_000 + 48_000)) < 48

    def test_before_a_report_nothing_is_said(self) -> None:
        reception = Reception(1, 48000)
        reception.sender_report_arrived(0, 0, 0.0)
        assert reception.sender_report is not None
        assert PeerClock().rtp_timestamp_at(reception.sender_report, 48000, 1.0) is None


class TestKeyframeRequests:
    def test_all_askers_of_half_a_second_are_one_request(self) -> None:
        requests = KeyframeRequests()
        assert [requests.ask(now / 10) for now in range(10)] == [True, *[False] * 4, True, *[False] * 4]
        assert requests.coalesced == 9

    def test_it_is_repeated_until_the_key_frame_comes(self) -> None:
        requests = KeyframeRequests()
        assert requests.ask(0.0)
        assert not requests.due(0.4)
        assert requests.due(0.5)
        requests.arrived()
        assert not requests.due(2.0)

    def test_a_source_that_sends_nothing_is_not_asked_for_ever(self) -> None:
        requests = KeyframeRequests()
        sent = requests.ask(0.0) + sum(requests.due(float(second)) for second in range(1, 60))
        assert sent == KEYFRAME_REQUESTS_LIMIT


class TestPacketCache:
    def test_a_packet_is_found_by_its_number_until_it_is_overwritten(self) -> None:
        cache = PacketCache[bytes](4)
        for number in range(6):
            cache.store(number, bytes([number]))
        assert cache.again(1, 0.0) is None
        assert cache.again(5, 0.0) == b"\x05"

    def test_one_loss_asked_for_twice_is_sent_once(self) -> None:
        cache = PacketCache[bytes](4)
        cache.store(1, b"x")
        assert cache.again(1, 0.0) == b"x"
        assert cache.again(1, RESEND_INTERVAL_SECONDS / 2) is None
        assert cache.again(1, RESEND_INTERVAL_SECONDS) == b"x"


def speak(choice: SpeakerChoice, levels: dict[str, int], start: float, seconds: float) -> float:
    """Packets every 20 ms and a choice every 200; the time at the end."""
    for step in range(round(seconds / 0.02)):
        now = start + step * 0.02
        for seat, level in levels.items():
            choice.level(seat, level, now)
        if step % 10 == 0:
            choice.choose(now)
    return start + seconds


class TestSpeakers:
    def test_the_louder_takes_the_stage_only_after_a_while(self) -> None:
        choice = SpeakerChoice()
        choice.add("a", 0.0)
        choice.add("b", 0.0)
        now = speak(choice, {"a": 20, "b": 80}, 0.0, STAGE_HOLD_SECONDS)
        assert choice.choose(now).stage == "a"
        now = speak(choice, {"a": 80, "b": 15}, now, STAGE_AFTER_SECONDS / 2)
        assert choice.choose(now).stage == "a"
        now = speak(choice, {"a": 80, "b": 15}, now, 2.0)
        assert choice.choose(now) == choice.choose(now)
        assert choice.choose(now).stage == "b"

    def test_a_cough_does_not_change_the_picture(self) -> None:
        choice = SpeakerChoice()
        choice.add("a", 0.0)
        choice.add("b", 0.0)
        now = speak(choice, {"a": 25, "b": 90}, 0.0, 5.0)
        now = speak(choice, {"a": 25, "b": 5}, now, 0.3)
        now = speak(choice, {"a": 25, "b": 90}, now, 1.0)
        assert choice.choose(now).stage == "a"

    def test_the_last_speakers_come_first(self) -> None:
        choice = SpeakerChoice()
        now = 0.0
        for seat in "abcd":
            choice.add(seat, now)
        for seat in "cbd":
            now = speak(choice, {seat: 20}, now, 4.0)
        assert choice.choose(now).ranking[:3] == ("d", "b", "c")

    def test_when_the_stage_leaves_someone_else_has_it(self) -> None:
        choice = SpeakerChoice()
        choice.add("a", 0.0)
        choice.add("b", 0.0)
        assert choice.choose(0.0).stage == "a"
        choice.remove("a")
        assert choice.choose(0.2).stage == "b"
        choice.remove("b")
        assert choice.choose(0.4).stage is None


def view(stage: str | None, ranking: str, cameras: str | None = None, microphones: str | None = None) -> RoomView:
    return RoomView(stage, list(ranking), list(ranking if cameras is None else cameras), list(microphones or ranking))


class TestSlots:
    def test_two_see_each_other_on_the_stage(self) -> None:
        assert assign("a", SLOTS, {}, view("a", "ab")).seats == {"stage": "b", "voice0": "b"}
        assert assign("b", SLOTS, {}, view("a", "ab")).seats == {"stage": "a", "voice0": "a"}

    def test_the_first_voice_is_always_that_of_the_stage(self) -> None:
        got = assign("z", SLOTS, {}, view("a", "abcdz")).seats
        assert (got["stage"], got["voice0"]) == ("a", "a")
        assert {got["voice1"], got["voice2"]} == {"b", "c"}

    def test_who_has_the_camera_off_is_on_the_stage_all_the_same(self) -> None:
        got = assign("z", SLOTS, {}, view("a", "abz", cameras="bz"))
        assert got.stage == "a"
        assert "stage" not in got.seats
        assert got.seats["voice0"] == "a"

    def test_thumbnails_keep_their_places_when_the_stage_changes(self) -> None:
        before = assign("z", SLOTS, {}, view("a", "abcdz")).seats
        after = assign("z", SLOTS, before, view("b", "bacdz")).seats
        moved = {slot for slot in before if slot.startswith("thumb") and before[slot] != after.get(slot)}
        assert len(moved) == 1
        assert after[moved.pop()] == "a"

    def test_there_are_never_more_than_the_slots_hold(self) -> None:
        many = [f"seat{number}" for number in range(170)]
        got = assign("seat3", SLOTS, {}, RoomView("seat0", many, many, many)).seats
        assert len([slot for slot in got if slot.startswith("thumb")]) == 8
        assert "seat3" not in got.values()
        assert "seat0" not in [got[slot] for slot in got if slot.startswith("thumb")]
