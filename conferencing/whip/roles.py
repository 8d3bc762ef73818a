"""What the sections of a WHIP or WHEP offer stand for in a meeting: nobody says it, so the order does. Pure."""

from __future__ import annotations

from enum import StrEnum

from conferencing.media.offer import Offer
from conferencing.rtp.slots import STAGE, THUMBNAILS, VOICES, Role


class Kind(StrEnum):
    WHIP = "whip"
    WHEP = "whep"


class UnprocessableOfferError(ValueError):
    """A good offer that this end cannot serve (RFC 9725 section 4.2: 422); the text says why."""


_SLOTS = {"audio": VOICES, "video": (STAGE, *THUMBNAILS)}


def roles_of(offer: Offer, kind: Kind) -> dict[str, str]:
    """mid → role or slot. Raises UnprocessableOfferError."""
    return _sent(offer) if kind is Kind.WHIP else _received(offer)


def _sent(offer: Offer) -> dict[str, str]:
    """One sound and one picture: a seat has one microphone and one camera."""
    roles: dict[str, str] = {}
    for section in offer.sections:
        role = Role.MICROPHONE if section.kind == "audio" else Role.CAMERA
        if section.direction not in ("sendonly", "sendrecv"):
            raise UnprocessableOfferError("a WHIP offer sends: every media section is sendonly")
        if role in roles.values():
            raise UnprocessableOfferError(f"more than one {section.kind} section")
        if section.codecs:
            roles[section.mid] = role
    return _some(roles)


def _received(offer: Offer) -> dict[str, str]:
    """The first sound is that of whom the first picture shows; further ones are the others who speak."""
    roles: dict[str, str] = {}
    for section in offer.sections:
        if section.direction not in ("recvonly", "sendrecv"):
            raise UnprocessableOfferError("a WHEP offer receives: every media section is recvonly")
        free = next((slot for slot in _SLOTS[section.kind] if slot not in roles.values()), None)
        if section.codecs and free is not None:
            roles[section.mid] = free
    return _some(roles)


def _some(roles: dict[str, str]) -> dict[str, str]:
    if not roles:
        raise UnprocessableOfferError("no media section with Opus, VP8 or H.264")
    return roles
