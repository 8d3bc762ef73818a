"""From an offer and the roles of its sections to links, sources, slots and the answer. No I/O."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conferencing.media.answer import OutgoingStream, SectionAnswer, extensions_of, uses_transport_feedback
from conferencing.media.codecs import Codec
from conferencing.media.offer import Offer, SdpError, Section, parse_offer
from conferencing.media.streams import Link
from conferencing.rtp.extensions import (
    AUDIO_LEVEL_URI,
    MID_URI,
    REPAIRED_RID_URI,
    RID_URI,
    TRANSPORT_CC_URI,
    outgoing_block,
)
from conferencing.rtp.slots import AUDIO_SLOTS, SCREEN, SCREEN_SOUND, SLOTS, STAGE, VOICES, Role

_AUDIO_ROLES = (Role.MICROPHONE, Role.SCREEN_SOUND)
_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """A peer's half of the media, ready for its handshake."""

    link: Link
    offer: Offer
    answers: tuple[SectionAnswer, ...]


def negotiate(
    offer_text: str,
    roles: Mapping[str, str],
    seat: str,
    enabled: Mapping[str, bool],
    chance: random.Random,
    new_link: Callable[[int], Link] = Link,
) -> Negotiated:
    """Raises SdpError when the offer cannot be used."""
    offer = parse_offer(offer_text)
    link = new_link(chance.randrange(1, 1 << 32))
    answers = []
    for section in offer.sections:
        name = roles.get(section.mid, "")
        if _receives(section, name, link):
            codecs = _one_picture(section.codecs)
            _add_source(link, section, codecs, seat, Role(name), enabled=enabled.get(name, True))
            answers.append(SectionAnswer(section, True, None, codecs))
        elif _sends(section, name, link):
            answers.append(SectionAnswer(section, False, _add_slot(link, section, name, chance), section.codecs))
        else:
            answers.append(SectionAnswer(section, False, None))
    if not any(answer.receives or answer.sends for answer in answers):
        raise SdpError("no media section with a known role and with Opus, VP8 or H.264")
    link.complete()
    return Negotiated(link, offer, tuple(answers))


def _receives(section: Section, name: str, link: Link) -> bool:
    if name not in _ROLES or not section.codecs or section.direction not in ("sendonly", "sendrecv"):
        return False
    kind = "audio" if name in _AUDIO_ROLES else "video"
    return Role(name) not in link.sources and section.kind == kind


def _sends(section: Section, name: str, link: Link) -> bool:
    if name not in SLOTS or not section.codecs or section.direction not in ("recvonly", "sendrecv"):
        return False
    return name not in link.slots and section.kind == ("audio" if name in AUDIO_SLOTS else "video")


def _one_picture(codecs: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """A sender has one picture codec, the first it offers: receivers are never switched by its whim."""
    return codecs if any(codec.name == "opus" for codec in codecs) else codecs[:1]


def _add_source(
    link: Link, section: Section, codecs: tuple[Codec, ...], seat: str, role: Role, *, enabled: bool
) -> None:
    ids = section.extensions
    source = link.new_source(seat, role, section.mid, codecs, ids.get(AUDIO_LEVEL_URI), section.rids, enabled=enabled)
    link.sources[role] = source
    link.rtx.update({codec.rtx: codec.payload_type for codec in codecs if codec.rtx is not None})
    link.mid_extension = ids.get(MID_URI, link.mid_extension)
    link.rid_extension = ids.get(RID_URI, link.rid_extension)
    link.repaired_rid_extension = ids.get(REPAIRED_RID_URI, link.repaired_rid_extension)
    if uses_transport_feedback(section, codecs):
        link.transport_extension = ids[TRANSPORT_CC_URI]
    if not section.rids:
        for ssrc in section.ssrcs:
            link.by_ssrc[ssrc] = source.layers[0]
        for repair, media in section.repairs.items():
            if media in section.ssrcs:
                link.rtx_by_ssrc[repair] = source.layers[0]


def _add_slot(link: Link, section: Section, name: str, chance: random.Random) -> OutgoingStream:
    slot = link.new_slot(name, section.codecs, chance)
    link.slots[name] = slot
    link.slot_by_ssrc[slot.ssrc] = slot
    ids = {uri: section.extensions[uri] for uri in extensions_of(section, section.codecs, receives=False)}
    slot.extensions = outgoing_block(ids, section.mid, video=slot.video)
    slot.plain_extensions = outgoing_block(ids, None, video=slot.video)
    if slot.rtx_ssrc is not None and slot.video and link.padding_slot is None:
        link.padding_slot = slot
    # One msid stream for the stage and its voice: browsers keep lips and voice together only within one.
    stream = STAGE if name in (STAGE, VOICES[0]) else SCREEN if name == SCREEN_SOUND else name
    return OutgoingStream(slot.ssrc, slot.rtx_ssrc, stream, name)
