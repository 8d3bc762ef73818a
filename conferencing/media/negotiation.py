"""From an offer and the roles of its sections to links, sources, slots and the answer. No I/O."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from conferencing.media.answer import OutgoingStream, SectionAnswer
from conferencing.media.offer import AUDIO_LEVEL_URI, MID_URI, Offer, SdpError, Section, parse_offer
from conferencing.media.streams import Link, Slot, Source
from conferencing.rtp.slots import AUDIO_SLOTS, SLOTS, STAGE, VOICES, Role

_AUDIO_ROLES = (Role.MICROPHONE, Role.SCREEN_SOUND)
_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """A peer's half of the media, ready for its handshake."""

    link: Link
    offer: Offer
    answers: tuple[SectionAnswer, ...]


def negotiate(
    offer_text: str, roles: Mapping[str, str], seat: str, enabled: Mapping[str, bool], chance: random.Random
) -> Negotiated:
    """Raises SdpError when the offer cannot be used."""
    offer = parse_offer(offer_text)
    link = Link(
        next((s.extensions[MID_URI] for s in offer.sections if MID_URI in s.extensions), None),
        chance.randrange(1, 1 << 32),
    )
    answers = []
    for section in offer.sections:
        name = roles.get(section.mid, "")
        receives = _receives(section, name, link)
        sends = None if receives else _sends(section, name, link, chance)
        if receives:
            source = Source(
                link,
                seat,
                Role(name),
                section.mid,
                section.payload_type or 0,
                section.extensions.get(AUDIO_LEVEL_URI),
                enabled=enabled.get(name, True),
            )
            link.sources[source.role] = source
            for ssrc in section.ssrcs:
                link.by_ssrc[ssrc] = source
        answers.append(SectionAnswer(section, receives, sends))
    if not any(answer.receives or answer.sends for answer in answers):
        raise SdpError("no media section with a known role and with Opus or VP8")
    return Negotiated(link, offer, tuple(answers))


def _receives(section: Section, name: str, link: Link) -> bool:
    if name not in _ROLES or section.payload_type is None or section.direction not in ("sendonly", "sendrecv"):
        return False
    kind = "audio" if name in _AUDIO_ROLES else "video"
    return Role(name) not in link.sources and section.kind == kind


def _sends(section: Section, name: str, link: Link, chance: random.Random) -> OutgoingStream | None:
    if name not in SLOTS or section.payload_type is None or section.direction not in ("recvonly", "sendrecv"):
        return None
    if name in link.slots or section.kind != ("audio" if name in AUDIO_SLOTS else "video"):
        return None
    ssrc = chance.randrange(1, 1 << 32)
    slot = Slot(name, link, section.payload_type, ssrc, chance)
    link.slots[name] = slot
    link.slot_by_ssrc[ssrc] = slot
    # One msid stream for the stage and its voice: browsers keep lips and voice together only within one.
    stream = STAGE if name in (STAGE, VOICES[0]) else name
    return OutgoingStream(ssrc, stream, name)
