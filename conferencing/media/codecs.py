"""Codecs of a media section (RFC 8866): the ones that are forwarded, each with its retransmission (RFC 4588)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FORWARDED: Mapping[str, Mapping[str, str]] = {
    "audio": {"opus/48000/2": "opus", "red/48000/2": "red"},
    "video": {"vp8/90000": "VP8", "h264/90000": "H264"},
}
FORMATS_LIMIT = 128


@dataclass(frozen=True, slots=True)
class Codec:
    """`encoding` as it stands in the rtpmap; `rtx` is the payload type of its retransmissions."""

    name: str
    payload_type: int
    encoding: str
    parameters: str
    feedback: tuple[str, ...]
    rtx: int | None = None


def read_codecs(kind: str, formats: Sequence[str], lines: Sequence[str]) -> tuple[Codec, ...]:
    """One codec of each name that we forward, in the order of the offer's preference."""
    encodings = _by_payload_type(lines, "a=rtpmap:")
    parameters = _by_payload_type(lines, "a=fmtp:")
    repairs = {
        _number(value.partition("apt=")[2].partition(";")[0]): number
        for number, value in parameters.items()
        if encodings.get(number, "").lower().startswith("rtx/") and "apt=" in value
    }
    found: dict[str, Codec] = {}
    for text in formats[:FORMATS_LIMIT]:
        number = _number(text)
        encoding = encodings.get(number, "") if number is not None else ""
        name = FORWARDED[kind].get(encoding.lower())
        if number is None or name is None:
            continue
        codec = Codec(
            name,
            number,
            encoding,
            parameters.get(number, ""),
            _feedback(number, lines),
            repairs.get(number),
        )
        if _better(codec, found.get(name)):
            found[name] = codec
    if "red" in found and "opus" not in found:
        del found["red"]
    return tuple(found.values())


def _feedback(number: int, lines: Sequence[str]) -> tuple[str, ...]:
    prefixes = (f"a=rtcp-fb:{number} ", "a=rtcp-fb:* ")
    return tuple(line.partition(" ")[2] for line in lines if line.startswith(prefixes))


def _better(codec: Codec, known: Codec | None) -> bool:
    if codec.name != "H264":
        return known is None
    # RFC 6184 section 8.1: without packetization-mode=1 a sender may not split a picture.
    if "packetization-mode=1" not in codec.parameters:
        return False
    return known is None or (_constrained(codec) and not _constrained(known))


def _constrained(codec: Codec) -> bool:
    """Constrained baseline, which every H.264 decoder can do."""
    return "profile-level-id=42e0" in codec.parameters.lower()


def _by_payload_type(lines: Sequence[str], prefix: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for line in lines:
        if line.startswith(prefix):
            text, _, value = line[len(prefix) :].partition(" ")
            number = _number(text)
            if number is not None:
                found.setdefault(number, value.strip())
    return found


def _number(text: str) -> int | None:
    """A payload type; 64–95 would be taken for RTCP on a shared port (RFC 5761 section 4)."""
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        return None
    number = int(text)
    return number if 0 <= number <= 63 or 96 <= number <= 127 else None
