"""The few lines of SDP that load needs: one audio and one video section either way, no more."""

from __future__ import annotations

from dataclasses import dataclass

OPUS, VP8 = 111, 96
AUDIO_SSRC, VIDEO_SSRC = 1111, 2222


@dataclass(frozen=True, slots=True)
class Remote:
    """What an offer or answer says of the other side; `active`: it begins the DTLS handshake."""

    ufrag: str
    password: str
    fingerprint: str
    address: tuple[str, int]
    active: bool
    ssrcs: tuple[int, ...]


def read(text: str) -> Remote:
    """Of the first candidate over UDP. Raises ValueError."""
    found: dict[str, str] = {}
    address: tuple[str, int] | None = None
    ssrcs: list[int] = []
    for line in text.replace("\r", "").split("\n"):
        name, _, value = line.removeprefix("a=").partition(":")
        if name == "candidate":
            parts = value.split()
            if address is None and parts[1] == "1" and parts[2].lower() == "udp" and ":" not in parts[4]:
                address = (parts[4], int(parts[5]))
        elif name == "ssrc":
            ssrcs.append(int(value.split()[0]))
        elif line.startswith("a="):
            found.setdefault(name, value)
    if address is None:
        raise ValueError("the description holds no candidate")
    return Remote(
        found["ice-ufrag"],
        found["ice-pwd"],
        found["fingerprint"].split()[1],
        address,
        found["setup"] == "active",
        tuple(dict.fromkeys(ssrcs)),
    )


def describe(
    peer_ufrag: str, password: str, fingerprint: str, *, sends: bool, setup: str, mids: tuple[str, str]
) -> str:
    """Sound and picture, one direction."""
    lines = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]
    sections = (("audio", OPUS, "opus/48000/2", AUDIO_SSRC), ("video", VP8, "VP8/90000", VIDEO_SSRC))
    for mid, (kind, payload_type, codec, ssrc) in zip(mids, sections, strict=True):
        lines += [
            f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload_type}",
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{peer_ufrag}",
            f"a=ice-pwd:{password}",
            f"a=fingerprint:sha-256 {fingerprint}",
            f"a=setup:{setup}",
            f"a=mid:{mid}",
            "a=sendonly" if sends else "a=recvonly",
            "a=rtcp-mux",
            f"a=rtpmap:{payload_type} {codec}",
        ]
        if kind == "video":
            lines += [f"a=rtcp-fb:{payload_type} nack", f"a=rtcp-fb:{payload_type} nack pli"]
        if sends:
            lines += [f"a=msid:load {kind}", f"a=ssrc:{ssrc} cname:load", f"a=ssrc:{ssrc} msid:load {kind}"]
    return "\r\n".join(lines) + "\r\n"
