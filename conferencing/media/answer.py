"""The answer as text: ICE-lite, every candidate in every section, one SSRC per slot for the whole call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conferencing.media.codecs import Codec
from conferencing.media.offer import Section
from conferencing.rtp.extensions import (
    ABS_SEND_TIME_URI,
    AUDIO_LEVEL_URI,
    MID_URI,
    PLAYOUT_DELAY_URI,
    REPAIRED_RID_URI,
    RID_URI,
    TRANSPORT_CC_URI,
)

_FEEDBACK = ("nack", "nack pli", "ccm fir")
_RECEIVED_EXTENSIONS = (MID_URI, RID_URI, REPAIRED_RID_URI, AUDIO_LEVEL_URI)
_SENT_EXTENSIONS = (MID_URI, AUDIO_LEVEL_URI, PLAYOUT_DELAY_URI)
# In-band FEC and silence that costs nothing: what we ask of who speaks (RFC 7587 section 6.1).
_OPUS_PARAMETERS = "minptime=10;useinbandfec=1;usedtx=1"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host candidate of ours."""

    address: str
    port: int
    priority: int


@dataclass(frozen=True, slots=True)
class OutgoingStream:
    """What we send in a section: `stream` is the msid the browser keeps in step, `rtx_ssrc` repairs it."""

    ssrc: int
    rtx_ssrc: int | None
    stream: str
    track: str


@dataclass(frozen=True, slots=True)
class SectionAnswer:
    """`receives`: the peer sends here, in `codecs`. `sends`: we do. Neither: the section is refused."""

    section: Section
    receives: bool
    sends: OutgoingStream | None
    codecs: tuple[Codec, ...] = ()


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
    if not answer.codecs or not (answer.receives or answer.sends):
        return [
            f"m={section.kind} 0 {section.protocol} {section.first_format}",
            "c=IN IP4 0.0.0.0",
            "a=inactive",
            f"a=mid:{section.mid}",
        ]
    first = local.candidates[0]
    family = "IP6" if ":" in first.address else "IP4"
    lines = [
        f"m={section.kind} {first.port} {section.protocol} {' '.join(map(str, _formats(answer.codecs)))}",
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
    ]
    for codec in answer.codecs:
        lines.extend(_codec(codec))
    uris = extensions_of(section, answer.codecs, receives=answer.receives)
    lines.extend(f"a=extmap:{section.extensions[uri]} {uri}" for uri in uris)
    if answer.receives and section.rids:
        lines.extend(f"a=rid:{rid} recv" for rid in section.rids)
        lines.append(f"a=simulcast:recv {';'.join(section.rids)}")
    if answer.sends:
        stream = answer.sends
        ssrcs = [stream.ssrc] if stream.rtx_ssrc is None else [stream.ssrc, stream.rtx_ssrc]
        lines.append(f"a=msid:{stream.stream} {stream.track}")
        if len(ssrcs) == 2:
            lines.append(f"a=ssrc-group:FID {ssrcs[0]} {ssrcs[1]}")
        for ssrc in ssrcs:
            lines += [f"a=ssrc:{ssrc} cname:thongsuot", f"a=ssrc:{ssrc} msid:{stream.stream} {stream.track}"]
    return lines


def extensions_of(section: Section, codecs: Sequence[Codec], *, receives: bool) -> list[str]:
    """Header extensions in use in a section. The receiver's own estimate (REMB) only where it has nothing better."""
    wanted = list(_RECEIVED_EXTENSIONS if receives else _SENT_EXTENSIONS)
    congestion = TRANSPORT_CC_URI if uses_transport_feedback(section, codecs) else ABS_SEND_TIME_URI
    if congestion == TRANSPORT_CC_URI or not receives:
        wanted.append(congestion)
    return [uri for uri in wanted if uri in section.extensions]


def uses_transport_feedback(section: Section, codecs: Sequence[Codec]) -> bool:
    return TRANSPORT_CC_URI in section.extensions and any("transport-cc" in codec.feedback for codec in codecs)


def _formats(codecs: Sequence[Codec]) -> list[int]:
    return [number for codec in codecs for number in (codec.payload_type, codec.rtx) if number is not None]


def _codec(codec: Codec) -> list[str]:
    number = codec.payload_type
    lines = [f"a=rtpmap:{number} {codec.encoding}"]
    parameters = _OPUS_PARAMETERS if codec.name == "opus" else codec.parameters
    if parameters:
        lines.append(f"a=fmtp:{number} {parameters}")
    congestion = "transport-cc" if "transport-cc" in codec.feedback else "goog-remb"
    lines.extend(f"a=rtcp-fb:{number} {name}" for name in (*_FEEDBACK, congestion) if name in codec.feedback)
    if codec.rtx is not None:
        lines += [f"a=rtpmap:{codec.rtx} rtx/90000", f"a=fmtp:{codec.rtx} apt={number}"]
    return lines
