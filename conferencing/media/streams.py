"""State of the forwarding: links to peers, sources that come in, slots that go out. No decisions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from conferencing.media.codecs import Codec
from conferencing.media.secure_transport import SrtpSession
from conferencing.media.udp_port import Endpoint
from conferencing.rtp.continuity import FIRST_SEQUENCE_NUMBERS, Continuity, OutgoingIds
from conferencing.rtp.extensions import NO_EXTENSIONS, ExtensionBlock
from conferencing.rtp.header import RtpHeader
from conferencing.rtp.keyframes import KeyframeRequests
from conferencing.rtp.nack import NackRequests
from conferencing.rtp.packet_cache import PacketCache
from conferencing.rtp.rate import RateMeter
from conferencing.rtp.reception import Reception
from conferencing.rtp.sender_report import PeerClock
from conferencing.rtp.sent_packets import SentPackets
from conferencing.rtp.slots import AUDIO_SLOTS, STAGE, Role
from conferencing.rtp.transport_feedback import TransportArrivals
from conferencing.rtp.vp8 import Vp8Descriptor

AUDIO_CLOCK_RATE = 48000
VIDEO_CLOCK_RATE = 90000

CACHED_PACKETS = {STAGE: 512, "screen": 512}
CACHED_PICTURES, CACHED_SOUNDS = 128, 256
"""Payloads are shared by all receivers of a source; ciphertexts, where RTX was not offered, are not."""
PICTURE_PATIENCE_SECONDS, SOUND_PATIENCE_SECONDS = 1.5, 0.5
"""How long a lost packet is of use: a frozen picture waits for it, speech goes on."""

NO_VP8 = Vp8Descriptor(False, False, -1, -1, 0, -1, -1)


class Tap(Protocol):
    """Gets a copy of what is forwarded: a recording."""

    def packet(
        self,
        layer: Layer,
        codec: str,
        header: RtpHeader,
        sequence: int,
        payload: memoryview,
        now: float,
        *,
        keyframe: bool,
    ) -> None: ...


class Source:
    """What a peer sends in one role: one layer, or the same picture in several sizes."""

    __slots__ = (
        "codecs",
        "enabled",
        "layers",
        "level_extension",
        "link",
        "mid",
        "nacks",
        "role",
        "seat",
        "tap",
        "video",
        "wanted_level",
    )

    def __init__(
        self,
        link: Link,
        seat: str,
        role: Role,
        mid: str,
        codecs: Sequence[Codec],
        level_extension: int | None,
        rids: Sequence[str] = (),
        *,
        enabled: bool,
    ) -> None:
        self.link = link
        self.seat = seat
        self.role = role
        self.mid = mid
        self.video = role in (Role.CAMERA, Role.SCREEN)
        self.codecs: Mapping[int, str] = {codec.payload_type: codec.name for codec in codecs}
        self.nacks = any("nack" in codec.feedback for codec in codecs)
        self.level_extension = level_extension
        self.enabled = enabled
        # At least this layer is asked of the sender, whoever watches: a recording sets it. -1: nothing.
        self.wanted_level = -1
        self.tap: Tap | None = None
        self.layers = tuple(self.new_layer(rid, index) for index, rid in enumerate(rids or ("",)))

    def new_layer(self, rid: str, index: int) -> Layer:
        return Layer(self, rid, index)

    @property
    def clock_rate(self) -> int:
        return VIDEO_CLOCK_RATE if self.video else AUDIO_CLOCK_RATE

    @property
    def codec(self) -> str:
        """What it was last heard in, or else what it said first that it would send."""
        return next((layer.codec for layer in self.layers if layer.codec), next(iter(self.codecs.values()), ""))


class Layer:
    """One incoming stream of a source, with an SSRC of its own. `rid` is empty without simulcast."""

    __slots__ = (
        "codec",
        "index",
        "keyframes",
        "last_packet",
        "nacks",
        "rate",
        "reception",
        "repaired",
        "rid",
        "slots",
        "source",
    )

    def __init__(self, source: Source, rid: str, index: int) -> None:
        self.source = source
        self.rid = rid
        self.index = index
        self.codec = ""
        self.reception: Reception | None = None
        self.keyframes = KeyframeRequests()
        self.nacks = self.new_nacks()
        self.repaired = 0
        self.rate = RateMeter()
        self.last_packet = float("-inf")
        self.slots: tuple[Slot, ...] = ()

    def new_nacks(self) -> NackRequests:
        return NackRequests(PICTURE_PATIENCE_SECONDS if self.source.video else SOUND_PATIENCE_SECONDS)


class Sent(NamedTuple):
    """A packet as it went out, but for its header: enough to send it again on the RTX stream."""

    payload: bytes
    payload_type: int
    marker: bool
    padding: bool
    ids: OutgoingIds
    vp8: Vp8Descriptor
    start: int


class Slot:
    """One stream a peer receives: a single SSRC for the whole call, whoever is in it.

    `source` is who belongs in it; `layer` what is being sent; `awaited` what may follow at its key frame.
    """

    __slots__ = (
        "awaited",
        "ciphertexts",
        "codecs",
        "continuity",
        "extensions",
        "history",
        "layer",
        "level",
        "link",
        "name",
        "octets",
        "packets",
        "plain_extensions",
        "rtx_payload_types",
        "rtx_sequence",
        "rtx_ssrc",
        "source",
        "ssrc",
        "video",
    )

    def __init__(self, name: str, link: Link, codecs: Sequence[Codec], chance: random.Random) -> None:
        self.name = name
        self.link = link
        self.video = name not in AUDIO_SLOTS
        self.codecs: Mapping[str, int] = {codec.name: codec.payload_type for codec in reversed(codecs)}
        self.rtx_payload_types: Mapping[int, int] = {
            codec.payload_type: codec.rtx for codec in codecs if codec.rtx is not None
        }
        self.ssrc = chance.randrange(1, 1 << 32)
        self.rtx_ssrc = chance.randrange(1, 1 << 32) if self.rtx_payload_types else None
        self.rtx_sequence = chance.randrange(1, FIRST_SEQUENCE_NUMBERS)
        self.continuity = Continuity(
            VIDEO_CLOCK_RATE if self.video else AUDIO_CLOCK_RATE,
            chance.randrange(1, FIRST_SEQUENCE_NUMBERS),
            chance.getrandbits(32),
        )
        capacity = CACHED_PACKETS.get(name, CACHED_PICTURES) if self.video else CACHED_SOUNDS
        # One of the two: without RTX the same ciphertext must go again, for AES-GCM's sake.
        self.history: PacketCache[Sent] | None = PacketCache(capacity) if self.rtx_ssrc is not None else None
        self.ciphertexts: PacketCache[bytes] | None = PacketCache(capacity) if self.rtx_ssrc is None else None
        self.extensions: ExtensionBlock = NO_EXTENSIONS
        self.plain_extensions: ExtensionBlock = NO_EXTENSIONS
        self.source: Source | None = None
        self.layer: Layer | None = None
        self.awaited: tuple[Layer, ...] = ()
        self.level = 0
        self.packets = 0
        self.octets = 0


class Link:
    """A peer as the forwarding sees it: keys, the path to it, what it sends and gets."""

    __slots__ = (
        "address",
        "arrivals",
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
        "padding_slot",
        "playout_delay",
        "receiving",
        "redundant",
        "repaired_rid_extension",
        "reports_due",
        "rid_extension",
        "rtx",
        "rtx_by_ssrc",
        "sending",
        "sent",
        "slot_by_ssrc",
        "slots",
        "sources",
        "transport_extension",
    )

    def __init__(self, local_ssrc: int) -> None:
        self.local_ssrc = local_ssrc
        self.clock = PeerClock()
        self.levels: Callable[[str, int, float], None] | None = None
        self.receiving: SrtpSession | None = None
        self.sending: SrtpSession | None = None
        self.endpoint: Endpoint | None = None
        self.address: tuple[str, int] | None = None
        self.mid_extension: int | None = None
        self.rid_extension: int | None = None
        self.repaired_rid_extension: int | None = None
        self.transport_extension: int | None = None
        self.arrivals = TransportArrivals()
        self.sent = SentPackets()
        self.redundant = True
        self.sources: dict[Role, Source] = {}
        self.by_ssrc: dict[int, Layer] = {}
        self.rtx_by_ssrc: dict[int, Layer] = {}
        self.rtx: dict[int, int] = {}
        self.slots: dict[str, Slot] = {}
        self.slot_by_ssrc: dict[int, Slot] = {}
        self.padding_slot: Slot | None = None
        # Tens of milliseconds a picture is to wait for repairs, at least.
        self.playout_delay = 0
        self.reports_due = False
        self.packets_in = self.bytes_in = 0
        self.packets_out = self.bytes_out = 0

    def new_source(
        self,
        seat: str,
        role: Role,
        mid: str,
        codecs: Sequence[Codec],
        level_extension: int | None,
        rids: Sequence[str],
        *,
        enabled: bool,
    ) -> Source:
        return Source(self, seat, role, mid, codecs, level_extension, rids, enabled=enabled)

    def new_slot(self, name: str, codecs: Sequence[Codec], chance: random.Random) -> Slot:
        return Slot(name, self, codecs, chance)

    def complete(self) -> None:
        """Everything negotiated is in: a forwarder that keeps its own state takes it from here."""

    def layers(self) -> list[Layer]:
        return [layer for source in self.sources.values() for layer in source.layers]
