"""State of the forwarding: links to peers, sources that come in, slots that go out. No decisions."""

from __future__ import annotations

import random
from collections.abc import Callable

from conferencing.media.secure_transport import SrtpSession
from conferencing.media.udp_port import Endpoint
from conferencing.rtp.continuity import FIRST_SEQUENCE_NUMBERS, Continuity
from conferencing.rtp.keyframes import KeyframeRequests
from conferencing.rtp.packet_cache import PacketCache
from conferencing.rtp.reception import Reception
from conferencing.rtp.sender_report import PeerClock
from conferencing.rtp.slots import AUDIO_SLOTS, STAGE, Role

AUDIO_CLOCK_RATE = 48000
VIDEO_CLOCK_RATE = 90000

CACHED_PACKETS = {STAGE: 256, "screen": 256}
CACHED_PACKETS_OTHERWISE = 64
"""Bounds the memory of 170 receivers to about 200 MiB at full load."""


class Source:
    """One stream a peer sends."""

    __slots__ = (
        "enabled",
        "keyframes",
        "level_extension",
        "link",
        "mid",
        "payload_type",
        "reception",
        "role",
        "seat",
        "slots",
        "video",
    )

    def __init__(
        self,
        link: Link,
        seat: str,
        role: Role,
        mid: str,
        payload_type: int,
        level_extension: int | None,
        *,
        enabled: bool,
    ) -> None:
        self.link = link
        self.seat = seat
        self.role = role
        self.mid = mid
        self.video = role in (Role.CAMERA, Role.SCREEN)
        self.payload_type = payload_type
        self.level_extension = level_extension
        self.enabled = enabled
        self.reception: Reception | None = None
        self.keyframes = KeyframeRequests()
        self.slots: tuple[Slot, ...] = ()

    @property
    def clock_rate(self) -> int:
        return VIDEO_CLOCK_RATE if self.video else AUDIO_CLOCK_RATE


class Slot:
    """One stream a peer receives: a single SSRC for the whole call, whoever is in it.

    `source` is what is being sent; `awaited` what will be at its next key frame.
    """

    __slots__ = (
        "awaited",
        "cache",
        "continuity",
        "link",
        "name",
        "octets",
        "packets",
        "payload_type",
        "source",
        "ssrc",
        "video",
    )

    def __init__(self, name: str, link: Link, payload_type: int, ssrc: int, chance: random.Random) -> None:
        self.name = name
        self.link = link
        self.video = name not in AUDIO_SLOTS
        self.payload_type = payload_type
        self.ssrc = ssrc
        self.continuity = Continuity(
            VIDEO_CLOCK_RATE if self.video else AUDIO_CLOCK_RATE,
            chance.randrange(1, FIRST_SEQUENCE_NUMBERS),
            chance.getrandbits(32),
        )
        self.cache = PacketCache(CACHED_PACKETS.get(name, CACHED_PACKETS_OTHERWISE))
        self.source: Source | None = None
        self.awaited: Source | None = None
        self.packets = 0
        self.octets = 0


class Link:
    """A peer as the forwarding sees it: keys, the path to it, what it sends and gets."""

    __slots__ = (
        "address",
        "by_ssrc",
        "bytes_in",
        "bytes_out",
        "clock",
        "endpoint",
        "levels",
        "local_ssrc",
        "mid_extension",
        "packets_in",
        "packets_out",
        "receiving",
        "reports_due",
        "sending",
        "slot_by_ssrc",
        "slots",
        "sources",
    )

    def __init__(self, mid_extension: int | None, local_ssrc: int) -> None:
        self.local_ssrc = local_ssrc
        self.clock = PeerClock()
        self.levels: Callable[[str, int, float], None] | None = None
        self.receiving: SrtpSession | None = None
        self.sending: SrtpSession | None = None
        self.endpoint: Endpoint | None = None
        self.address: tuple[str, int] | None = None
        self.mid_extension = mid_extension
        self.sources: dict[Role, Source] = {}
        self.by_ssrc: dict[int, Source] = {}
        self.slots: dict[str, Slot] = {}
        self.slot_by_ssrc: dict[int, Slot] = {}
        self.reports_due = False
        self.packets_in = self.bytes_in = 0
        self.packets_out = self.bytes_out = 0
