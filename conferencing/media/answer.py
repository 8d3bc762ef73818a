"""The answer as text: ICE-lite, every candidate in every section, one SSRC per slot for the whole call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conferencing.media.offer import AUDIO_LEVEL_URI, CODEC, MID_URI, Section

_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host candidate of ours."""

    address: str
    port: int
    priority: int


@dataclass(frozen=True, slots=True)
class OutgoingStream:
    """What we send in a section: `stream` is the msid the browser keeps in step."""

    ssrc: int
    stream: str
    track: str


@dataclass(frozen=True, slots=True)
class SectionAnswer:
    """`receives`: the peer sends here. `sends`: we do. Neither: the section is refused."""

    section: Section
    receives: bool
    sends: OutgoingStream | None


@dataclass(frozen=True, slots=True)
class LocalParameters:
    """`active`: the DTLS handshake is begun by us (RFC 8842 section 5.3)."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[Candidate, ...]
    active: bool = False


def write_answer(answers: Sequence[SectionAnswer], local: LocalParameters, session_id: int, version: int = 1) -> str:
    """The answer, its sections in the offer's order. `version` grows with each answer of a session (RFC 8829)."""
    mids = [answer.section.mid for answer in answers if answer.receives or answer.sends]
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
    ]
    for answer in answers:
        lines.extend(_answer_section(answer, local))
    return "\r\n".join(lines) + "\r\n"


def _answer_section(answer: SectionAnswer, local: LocalParameters) -> list[str]:
    section = answer.section
    payload_type = section.payload_type
    if payload_type is None or not (answer.receives or answer.sends):
        return [
            f"m={section.kind} 0 {section.protocol} {payload_type if payload_type is not None else 0}",
            "c=IN IP4 0.0.0.0",
            "a=inactive",
            f"a=mid:{section.mid}",
        ]
    first = local.candidates[0]
    family = "IP6" if ":" in first.address else "IP4"
    lines = [
        f"m={section.kind} {first.port} {section.protocol} {payload_type}",
        f"c=IN {family} {first.address}",
        "a=rtcp:9 IN IP4 0.0.0.0",
    ]
    # On every section: an aiortc client fails when only the first has them.
    lines.extend(
        f"a=candidate:{number} 1 udp {candidate.priority} {candidate.address} {candidate.port} typ host"
        for number, candidate in enumerate(local.candidates, 1)
    )
    lines += [
        "a=end-of-candidates",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        "a=setup:active" if local.active else "a=setup:passive",
        f"a=mid:{section.mid}",
        "a=sendonly" if answer.sends else "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=rtpmap:{payload_type} {CODEC[section.kind]}",
    ]
    if section.kind == "audio":
        lines.append(f"a=fmtp:{payload_type} minptime=10;useinbandfec=1")
    lines.extend(f"a=rtcp-fb:{payload_type} {name}" for name in _FEEDBACK if name in section.feedback)
    if answer.receives:
        lines.extend(
            f"a=extmap:{section.extensions[uri]} {uri}"
            for uri in (MID_URI, AUDIO_LEVEL_URI)
            if uri in section.extensions
        )
    if answer.sends:
        stream = answer.sends
        lines += [
            f"a=msid:{stream.stream} {stream.track}",
            f"a=ssrc:{stream.ssrc} cname:thongsuot",
            f"a=ssrc:{stream.ssrc} msid:{stream.stream} {stream.track}",
        ]
    return lines
