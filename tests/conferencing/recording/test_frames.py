"""From packets to frames: any order, any loss, any bytes; and recordings that are too old."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from conferencing import messages
from conferencing.recording import wire
from conferencing.recording.frames import Frame, Frames, Reorder
from conferencing.recording.recorder import Recorder
from conferencing.recording.wire import MediaPacket
from conferencing.rtp.header import RtpError
from tests.conferencing.recording.encoded import vp8_payloads


def picture(number: int, *, keyframe: bool, size: int = 1500) -> list[MediaPacket]:
    body = bytes([0 if keyframe else 1]) + bytes([number % 256]) * size
    payloads = vp8_payloads(body, number)
    first = 65_500 + 3 * number
    return [
        MediaPacket(
            0, number / 30, (first + index) & 0xFFFF, (4_294_960_000 + 3000 * number) & 0xFFFF_FFFF,
            index == len(payloads) - 1, keyframe, payload,
        )
        for index, payload in enumerate(payloads)
    ]  # fmt: skip


def frames_of(packets: list[MediaPacket]) -> tuple[list[Frame], Reorder, Frames]:
    reorder, frames = Reorder(), Frames("vp8")
    found = []
    for packet in packets:
        for one, missing in reorder.put(packet, packet.arrived):
            if (frame := frames.put(one, missing)) is not None:
                found.append(frame)
    for one, missing in reorder.due(float("inf")):
        if (frame := frames.put(one, missing)) is not None:
            found.append(frame)
    return found, reorder, frames


def test_numbers_and_timestamps_that_wrap_make_times_that_go_on() -> None:
    found, _, _ = frames_of([packet for number in range(40) for packet in picture(number, keyframe=number == 0)])
    assert [frame.timestamp for frame in found] == [3000 * number for number in range(40)]
    assert [len(frame.octets) for frame in found] == [1501] * 40


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_what_is_only_out_of_order_is_whole(seed: int) -> None:
    chance = random.Random(seed)
    packets = [packet for number in range(20) for packet in picture(number, keyframe=number == 0)]
    mixed = packets[:3] + sorted(packets[3:], key=lambda packet: packet.arrived + chance.random() * 0.2)
    found, reorder, _ = frames_of(mixed)
    assert (len(found), reorder.lost) == (20, 0)


@given(st.sets(st.integers(0, 59), min_size=1, max_size=20))
@settings(max_examples=50)
def test_no_frame_with_a_hole_is_kept_nor_one_that_needs_what_was_lost(lost: set[int]) -> None:
    packets = [packet for number in range(20) for packet in picture(number, keyframe=number % 5 == 0)]
    found, _, frames = frames_of([packet for index, packet in enumerate(packets) if index not in lost])
    whole = [number for number in range(20) if not lost & {3 * number, 3 * number + 1, 3 * number + 2}]
    wanted = [number for number in whole if all(one in whole for one in range(number - number % 5, number))]
    kept = [frame.octets[1] for frame in found]
    assert set(kept) <= set(wanted)
    # All but what stands behind a hole that came before the first packet of a frame was known.
    assert frames.left_out >= 0 and len(kept) == len(set(kept))
    assert all(len(frame.octets) == 1501 for frame in found)


@given(
    st.sampled_from(["vp8", "h264", "opus"]), st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=30)
)
def test_any_bytes_make_frames_or_the_senders_error(codec: str, payloads: list[tuple[bytes, bool]]) -> None:
    frames = Frames(codec)
    for number, (payload, marker) in enumerate(payloads):
        packet = MediaPacket(0, 0.0, number, 3000 * (number // 2), marker, False, payload)
        try:
            frames.put(packet, number % 7 == 3)
        except (RtpError, IndexError):
            continue


@given(st.binary(max_size=200))
def test_a_tap_that_says_anything_is_read_or_refused(datagram: bytes) -> None:
    for one in (datagram, b"P" + datagram, b"J" + datagram):
        try:
            wire.decode(one)
        except messages.MessageError:
            continue


def test_packets_and_messages_come_back_as_they_were() -> None:
    packed = wire.encode_packet(7, 12.5, 65535, 2**32 - 1, memoryview(b"abc"), marker=True, keyframe=False)
    assert wire.decode(packed) == MediaPacket(7, 12.5, 65535, 2**32 - 1, True, False, b"abc")
    told = wire.SourceAdded(1, "seat", "camera", 2, "vp8", 1.0)
    assert wire.decode(wire.encode_told(told)) == told
    assert wire.decode_keyframe_wanted(wire.encode_keyframe_wanted(9)) == 9
    assert wire.decode_keyframe_wanted(b"nonsense") is None


def test_recordings_are_deleted_after_their_days_and_nothing_else_is(tmp_path: Path) -> None:
    old, young, other = tmp_path / ("0" * 16), tmp_path / ("1" * 16), tmp_path / "not a recording"
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "log.jsonl").write_text("{}\n")
    long_ago = time.time() - 91 * 86400
    for folder in (old, other):
        os.utime(folder / "log.jsonl", (long_ago, long_ago))
    recorder = Recorder(tmp_path, 10**9, 90 * 86400.0)
    recorder.purge()
    assert (old.exists(), young.exists(), other.exists(), recorder.purged) == (False, True, True, 1)
