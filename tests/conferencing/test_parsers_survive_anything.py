"""Every parser of outside bytes: a result or the peer's error, nothing else."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

from aiortc.rtp import RtcpPsfbPacket, RtcpRtpfbPacket
from hypothesis import given
from hypothesis import strategies as st

from conferencing import control
from conferencing.media.ice import StunError, answer_check
from conferencing.media.negotiation import negotiate
from conferencing.media.offer import SdpError, parse_offer
from conferencing.meeting.codes import read_code
from conferencing.messages import MessageError
from conferencing.rtp import rtcp
from conferencing.rtp.header import RtpError, extension, parse_header
from conferencing.rtp.vp8 import parse_descriptor
from conferencing.signaling.messages import decode_from_page
from tests.conferencing.client import SECTIONS, offer_text

OFFER = offer_text("AB:" * 31 + "AB", "abcdef", "x" * 24, {"microphone": 1, "camera": 2})
LINES = OFFER.split("\r\n")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=80), st.integers(0, 15))
def test_rtp_headers_and_extensions(packet: bytes, wanted: int) -> None:
    with contextlib.suppress(RtpError):
        header = parse_header(packet, len(packet))
        assert header.payload_start <= len(packet)
        found = extension(packet, header, wanted)
        assert found is None or len(found) <= 255


@given(st.integers(0x90, 0x9F), st.sampled_from([b"\xbe\xde", b"\x10\x00"]), st.binary(max_size=60))
def test_rtp_extension_blocks(first: int, profile: bytes, rest: bytes) -> None:
    packet = bytes([first]) + bytes(11) + bytes(4 * (first & 15)) + profile + b"\x00" + rest
    with contextlib.suppress(RtpError):
        header = parse_header(packet, len(packet))
        for wanted in range(1, 15):
            extension(packet, header, wanted)


@given(st.binary(max_size=12))
def test_vp8_descriptors(payload: bytes) -> None:
    with contextlib.suppress(RtpError):
        found = parse_descriptor(payload, 0, len(payload))
        assert found.picture_id_position < len(payload)
        assert found.tl0_position < len(payload)


@given(st.binary(max_size=120))
def test_rtcp(packet: bytes) -> None:
    with contextlib.suppress(RtpError):
        rtcp.parse_feedback(packet)


@given(st.integers(0, 31), st.integers(200, 207), st.binary(max_size=60))
def test_rtcp_with_a_true_header(count: int, kind: int, body: bytes) -> None:
    body = body[: len(body) // 4 * 4]
    with contextlib.suppress(RtpError):
        rtcp.parse_feedback(bytes([0x80 | count, kind, 0, len(body) // 4]) + body)


def test_feedback_is_read_for_what_it_asks() -> None:
    nack = bytes(RtcpRtpfbPacket(1, 1, 77, [65535]))
    # Bits after 65535 wrap around.
    nack = nack[:-1] + b"\x03"
    assert rtcp.parse_feedback(nack) == [rtcp.Nack(77, (65535, 0, 1))]
    fir = bytes(RtcpPsfbPacket(4, 1, 0, (55).to_bytes(4, "big") + b"\x01\x00\x00\x00"))
    assert rtcp.parse_feedback(fir) == [rtcp.KeyframeRequest(55)]


@given(st.binary(max_size=100))
def test_stun(datagram: bytes) -> None:
    with contextlib.suppress(StunError):
        answer_check(datagram, ("127.0.0.1", 1), lambda _ufrag: "password")


@given(st.binary(max_size=60))
def test_stun_with_a_true_header(body: bytes) -> None:
    datagram = b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12) + body
    with contextlib.suppress(StunError):
        answer_check(datagram, ("127.0.0.1", 1), lambda _ufrag: "password")


@given(st.text(max_size=300))
def test_offers_of_any_text(text: str) -> None:
    with contextlib.suppress(SdpError):
        parse_offer(text)


@given(
    st.lists(st.integers(0, len(LINES) - 1), max_size=4),
    st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 40), st.text(max_size=6)), max_size=4),
)
def test_damaged_offers(missing: list[int], changed: list[tuple[int, int, str]]) -> None:
    lines = list(LINES)
    for index, position, text in changed:
        lines[index] = lines[index][:position] + text + lines[index][position + 2 :]
    text = "\r\n".join(line for index, line in enumerate(lines) if index not in missing)
    with contextlib.suppress(SdpError):
        roles = {str(number): name for number, name in enumerate(SECTIONS)}
        negotiate(text, roles, "seat", {}, random.Random(1))


def test_the_offer_itself_is_understood() -> None:
    roles = {str(number): name for number, name in enumerate(SECTIONS)}
    made = negotiate(OFFER, roles, "seat", {"microphone": False}, random.Random(1))
    assert {role.value: source.enabled for role, source in made.link.sources.items()} == {
        "microphone": False,
        "camera": True,
    }
    assert set(made.link.slots) == {"voice0", "voice1", "voice2", "stage", "thumbnail0", "thumbnail1"}
    streams = {answer.sends.track: answer.sends.stream for answer in made.answers if answer.sends}
    assert streams["voice0"] == streams["stage"] == "stage"
    assert streams["voice1"] == "voice1"


@given(json_values, st.sampled_from(["add_peer", "enable_source", "state", "statistics", "peer_gone"]))
def test_control_messages(value: Any, kind: str) -> None:
    document = value if isinstance(value, dict) else {"peer": value, "rooms": value, "offer": value}
    line = json.dumps({"type": kind} | document).encode()
    for decode in (control.decode_from_hub, control.decode_from_worker):
        with contextlib.suppress(MessageError):
            decode(line)


@given(st.binary(max_size=100))
def test_control_lines_of_any_bytes(line: bytes) -> None:
    for decode in (control.decode_from_hub, control.decode_from_worker):
        with contextlib.suppress(MessageError):
            decode(line)


@given(json_values, st.sampled_from(["join", "resume", "switch", "leave", "ping"]))
def test_signaling_messages(value: Any, kind: str) -> None:
    fields = ("name", "offer", "roles", "microphone", "camera", "token", "peer", "role", "enabled")
    document = value if isinstance(value, dict) else dict.fromkeys(fields, value)
    with contextlib.suppress(MessageError):
        decode_from_page(json.dumps({"type": kind} | document))


@given(st.text(max_size=100))
def test_signaling_of_any_text(text: str) -> None:
    with contextlib.suppress(MessageError):
        decode_from_page(text)


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with contextlib.suppress(MessageError):
        decode_from_page('{"type":"join","roles":' + "[" * 50000 + "]" * 50000 + "}")


@given(st.text(max_size=40))
def test_codes(text: str) -> None:
    code = read_code(text)
    assert code is None or read_code(code.upper().replace("-", " ")) == code
