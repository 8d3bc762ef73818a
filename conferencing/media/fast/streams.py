"""Links, sources, layers and slots whose state is the core's: what policy writes and reads is there."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Sequence
from typing import Any

from conferencing.media.codecs import Codec
from conferencing.media.fast.native import CODEC_NAMES, CODECS, Native
from conferencing.media.fast.views import (
    FastArrivals,
    FastContinuity,
    FastKeyframes,
    FastNacks,
    FastReception,
    FastSent,
)
from conferencing.media.secure_transport import SrtpSession
from conferencing.media.streams import (
    AUDIO_CLOCK_RATE,
    CACHED_PACKETS,
    CACHED_PICTURES,
    CACHED_SOUNDS,
    VIDEO_CLOCK_RATE,
    Layer,
    Link,
    Slot,
    Source,
    Tap,
)
from conferencing.media.udp_port import Endpoint
from conferencing.rtp.continuity import Continuity
from conferencing.rtp.extensions import ExtensionBlock
from conferencing.rtp.nack import NackRequests
from conferencing.rtp.reception import Reception
from conferencing.rtp.slots import Role

LONGEST_RID = 31
LAYER_SLOTS = 512


def packed_address(address: Sequence[Any]) -> bytes:
    """A sockaddr without what varies; the form in which the core compares addresses. Raises OSError."""
    host, port = str(address[0]).partition("%")[0], int(address[1])
    if ":" in host:
        scope = int(address[3]) if len(address) > 3 else 0
        family = struct.pack("=H", socket.AF_INET6)
        return (
            family + struct.pack("!HI", port, 0) + socket.inet_pton(socket.AF_INET6, host) + struct.pack("=I", scope)
        )
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)


class FastLayer(Layer):
    __slots__ = ("_ids", "_native", "_pointer", "_reception", "number")

    def __init__(self, native: Native, source: FastSource, rid: str, index: int) -> None:
        self._native = native
        self._reception: FastReception | None = None
        self.number = native.number()
        name = rid.encode()
        if len(name) > LONGEST_RID:
            raise ValueError("a rid is longer than any that browsers use")
        self._pointer = native.made(native.lib.ts_layer_new(source.native, self.number, name, len(name)))
        self._ids = native.ffi.new("uint32_t[]", LAYER_SLOTS)
        super().__init__(source, rid, index)
        self.keyframes = FastKeyframes(native, self._pointer)

    @property
    def native(self) -> Any:
        return self._pointer

    def new_nacks(self) -> NackRequests:
        return FastNacks(self._native, self._pointer, super().new_nacks().patience)

    @property
    def codec(self) -> str:
        return CODEC_NAMES.get(self._pointer.codec, "")

    @codec.setter
    def codec(self, _name: str) -> None:
        """Heard by the core alone."""

    @property
    def last_packet(self) -> float:
        return float(self._pointer.last_packet)

    @last_packet.setter
    def last_packet(self, _time: float) -> None:
        """Heard by the core alone."""

    @property
    def repaired(self) -> int:
        return int(self._pointer.repaired)

    @repaired.setter
    def repaired(self, _count: int) -> None:
        """Counted by the core alone."""

    @property
    def reception(self) -> Reception | None:
        layer = self._pointer
        if not layer.generation:
            return None
        if self._reception is None or self._reception.generation != layer.generation:
            self._reception = FastReception(layer, self.source.clock_rate)
        else:
            self._reception.look(layer)
        return self._reception

    @reception.setter
    def reception(self, _reception: Reception | None) -> None:
        """Begun by the core alone."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        if not self._pointer.slot_count:
            return ()
        native = self._native
        count = native.lib.ts_layer_slots(self._pointer, self._ids, LAYER_SLOTS)
        if count > LAYER_SLOTS:
            more = native.ffi.new("uint32_t[]", 2 * count)
            count = native.lib.ts_layer_slots(self._pointer, more, 2 * count)
            ids = native.ffi.unpack(more, count)
        else:
            ids = native.ffi.unpack(self._ids, count)
        return tuple(native.slots[number] for number in ids if number in native.slots)

    @slots.setter
    def slots(self, _slots: tuple[Slot, ...]) -> None:
        """Follows from what each slot sends and awaits."""


class FastSource(Source):
    __slots__ = ("_enabled", "_native", "_pointer", "_tap")

    def __init__(
        self,
        native: Native,
        link: FastLink,
        seat: str,
        role: Role,
        mid: str,
        codecs: Sequence[Codec],
        level_extension: int | None,
        rids: Sequence[str],
        *,
        enabled: bool,
    ) -> None:
        self._native = native
        self._enabled = enabled
        video = role in (Role.CAMERA, Role.SCREEN)
        by_payload_type = bytearray(128)
        for codec in codecs:
            by_payload_type[codec.payload_type] = CODECS[codec.name]
        name = mid.encode()
        self._pointer = native.made(
            native.lib.ts_source_new(
                link.native,
                video,
                role is Role.MICROPHONE,
                any("nack" in codec.feedback for codec in codecs),
                enabled,
                VIDEO_CLOCK_RATE if video else AUDIO_CLOCK_RATE,
                -1 if level_extension is None else level_extension,
                name,
                len(name),
                bytes(by_payload_type),
            )
        )
        super().__init__(link, seat, role, mid, codecs, level_extension, rids, enabled=enabled)

    @property
    def native(self) -> Any:
        return self._pointer

    def new_layer(self, rid: str, index: int) -> Layer:
        return FastLayer(self._native, self, rid, index)

    @property
    def tap(self) -> Tap | None:
        return self._tap

    @tap.setter
    def tap(self, tap: Tap | None) -> None:
        self._tap = tap
        self._native.lib.ts_source_tap(self._pointer, tap is not None)

    @property
    def enabled(self) -> bool:
        return self._enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self._enabled = enabled
        self._native.lib.ts_source_enable(self._pointer, enabled)


class FastSlot(Slot):
    __slots__ = ("_awaited_ids", "_extensions", "_link", "_native", "_pointer", "number")

    def __init__(
        self, native: Native, name: str, link: FastLink, codecs: Sequence[Codec], chance: random.Random
    ) -> None:
        self._native = native
        self._pointer: Any = None
        # What lies in the link's memory must not outlive it.
        self._link = link
        self._awaited_ids = native.ffi.new("uint32_t[3]")
        self.number = native.number()
        super().__init__(name, link, codecs, chance)
        run: Continuity = self.continuity
        lib = native.lib
        self._pointer = native.made(
            lib.ts_slot_new(
                link.native,
                self.number,
                self.video,
                self.ssrc,
                self.rtx_ssrc is not None,
                self.rtx_ssrc or 0,
                self.rtx_sequence,
                VIDEO_CLOCK_RATE if self.video else AUDIO_CLOCK_RATE,
                run._next_sequence,
                run.last_timestamp,
                CACHED_PACKETS.get(name, CACHED_PICTURES) if self.video else CACHED_SOUNDS,
            )
        )
        for codec, payload_type in self.codecs.items():
            lib.ts_slot_codec(self._pointer, CODECS[codec], payload_type)
        for media, rtx in self.rtx_payload_types.items():
            lib.ts_slot_rtx(self._pointer, media, rtx)
        self.continuity = FastContinuity(native, self._pointer)
        self.history = self.ciphertexts = None

    @property
    def native(self) -> Any:
        return self._pointer

    @property
    def packets(self) -> int:
        return int(self._pointer.packets)

    @packets.setter
    def packets(self, _count: int) -> None:
        """Counted by the core alone."""

    @property
    def octets(self) -> int:
        return int(self._pointer.octets)

    @octets.setter
    def octets(self, _count: int) -> None:
        """Counted by the core alone."""

    @property
    def extensions(self) -> ExtensionBlock:
        return self._extensions

    @extensions.setter
    def extensions(self, block: ExtensionBlock) -> None:
        self._extensions = block
        if self._pointer is None:
            return
        positions = (block.transport_position, block.time_position, block.level_position, block.delay_position)
        if not self._native.lib.ts_slot_extensions(self._pointer, block.octets, len(block.octets), *positions):
            raise ValueError("an extension block longer than any that we write")

    @property
    def layer(self) -> Layer | None:
        return self._native.layers.get(self._pointer.layer_id) if self._pointer is not None else None

    @layer.setter
    def layer(self, layer: Layer | None) -> None:
        if self._pointer is not None:
            pointer = layer.native if isinstance(layer, FastLayer) else self._native.ffi.NULL
            self._native.lib.ts_slot_layer(self._pointer, pointer)

    @property
    def awaited(self) -> tuple[Layer, ...]:
        count = self._native.lib.ts_slot_awaited(self._pointer, self._awaited_ids) if self._pointer is not None else 0
        layers = self._native.layers
        return tuple(layers[number] for number in self._awaited_ids[0:count] if number in layers)

    @awaited.setter
    def awaited(self, layers: tuple[Layer, ...]) -> None:
        if self._pointer is not None:
            pointers = [layer.native for layer in layers if isinstance(layer, FastLayer)]
            self._native.lib.ts_slot_await(self._pointer, pointers, len(pointers))


class FastLink(Link):
    __slots__ = (
        "__weakref__",
        "_address",
        "_by_ssrc",
        "_endpoint",
        "_list",
        "_native",
        "_pointer",
        "_receiving",
        "_rtx_by_ssrc",
        "_seen",
        "_sending",
        "number",
    )

    def __init__(self, native: Native, local_ssrc: int) -> None:
        self._native = native
        self.number = native.number()
        lib = native.lib
        self._pointer = native.ffi.gc(native.made(lib.ts_link_new(native.core, self.number)), lib.ts_link_release)
        self._list: list[Source] = []
        self._receiving: SrtpSession | None = None
        self._sending: SrtpSession | None = None
        self._endpoint: Endpoint | None = None
        self._address: tuple[str, int] | None = None
        self._seen = 0
        super().__init__(local_ssrc)
        self.arrivals = FastArrivals(native, self._pointer)
        self.sent = FastSent(native, self._pointer)

    @property
    def native(self) -> Any:
        return self._pointer

    def source_at(self, index: int) -> Source:
        """By the order in which they were made."""
        return self._list[index]

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
        source = FastSource(self._native, self, seat, role, mid, codecs, level_extension, rids, enabled=enabled)
        self._list.append(source)
        return source

    def new_slot(self, name: str, codecs: Sequence[Codec], chance: random.Random) -> Slot:
        return FastSlot(self._native, name, self, codecs, chance)

    def complete(self) -> None:
        # Known by their numbers only from here on: an offer that was refused half read leaves nothing behind.
        native = self._native
        native.links[self.number] = self
        native.slots.update((slot.number, slot) for slot in self.slots.values() if isinstance(slot, FastSlot))
        native.layers.update((layer.number, layer) for layer in self.layers() if isinstance(layer, FastLayer))
        lib, pointer = self._native.lib, self._pointer
        ids = (self.mid_extension, self.rid_extension, self.repaired_rid_extension, self.transport_extension)
        lib.ts_link_extensions(pointer, *(-1 if one is None else one for one in ids))
        for rtx, media in self.rtx.items():
            lib.ts_link_rtx(pointer, rtx, media)
        for repairs, known in ((0, self._by_ssrc), (1, self._rtx_by_ssrc)):
            for ssrc, layer in known.items():
                if isinstance(layer, FastLayer):
                    self._seen += lib.ts_link_ssrc(pointer, ssrc, repairs, layer.native)

    @property
    def by_ssrc(self) -> dict[int, Layer]:
        self._learn()
        return self._by_ssrc

    @by_ssrc.setter
    def by_ssrc(self, known: dict[int, Layer]) -> None:
        self._by_ssrc = known

    @property
    def rtx_by_ssrc(self) -> dict[int, Layer]:
        self._learn()
        return self._rtx_by_ssrc

    @rtx_by_ssrc.setter
    def rtx_by_ssrc(self, known: dict[int, Layer]) -> None:
        self._rtx_by_ssrc = known

    @property
    def receiving(self) -> SrtpSession | None:
        return self._receiving

    @receiving.setter
    def receiving(self, session: SrtpSession | None) -> None:
        self._receiving = session
        self._use_keys()

    @property
    def sending(self) -> SrtpSession | None:
        return self._sending

    @sending.setter
    def sending(self, session: SrtpSession | None) -> None:
        self._sending = session
        self._use_keys()

    @property
    def endpoint(self) -> Endpoint | None:
        return self._endpoint

    @endpoint.setter
    def endpoint(self, endpoint: Endpoint | None) -> None:
        # The address that goes with it comes next.
        self._endpoint = endpoint

    @property
    def address(self) -> tuple[str, int] | None:
        return self._address

    @address.setter
    def address(self, address: tuple[str, int] | None) -> None:
        self._address = address
        if self._endpoint is None or address is None:
            self._native.lib.ts_link_path(self._pointer, -1, b"", 0)
        else:
            packed = packed_address(address)
            self._native.lib.ts_link_path(self._pointer, self._endpoint.socket.fileno(), packed, len(packed))

    @property
    def packets_in(self) -> int:
        return int(self._pointer.packets_in)

    @packets_in.setter
    def packets_in(self, _count: int) -> None:
        """Counted by the core alone, as the three below."""

    @property
    def bytes_in(self) -> int:
        return int(self._pointer.bytes_in)

    @bytes_in.setter
    def bytes_in(self, _count: int) -> None: ...

    @property
    def packets_out(self) -> int:
        return int(self._pointer.packets_out)

    @packets_out.setter
    def packets_out(self, _count: int) -> None: ...

    @property
    def bytes_out(self) -> int:
        return int(self._pointer.bytes_out)

    @bytes_out.setter
    def bytes_out(self, _count: int) -> None: ...

    @property
    def redundant(self) -> bool:
        return bool(self._pointer.redundant)

    @redundant.setter
    def redundant(self, redundant: bool) -> None:
        self._pointer.redundant = redundant

    @property
    def playout_delay(self) -> int:
        return int(self._pointer.playout_delay)

    @playout_delay.setter
    def playout_delay(self, least: int) -> None:
        self._pointer.playout_delay = least

    @property
    def reports_due(self) -> bool:
        return bool(self._pointer.reports_due)

    @reports_due.setter
    def reports_due(self, due: bool) -> None:
        self._pointer.reports_due = due

    def _learn(self) -> None:
        """What the core found out by mid and rid."""
        native = self._native
        while self._seen < self._pointer.ssrc_count:
            ssrc, repairs, layer = (native.ffi.new(kind) for kind in ("uint32_t *", "int *", "uint32_t *"))
            if not native.lib.ts_link_known(self._pointer, self._seen, ssrc, repairs, layer):
                return
            self._seen += 1
            found = native.layers.get(layer[0])
            if found is not None:
                (self._rtx_by_ssrc if repairs[0] else self._by_ssrc)[ssrc[0]] = found

    def _use_keys(self) -> None:
        native = self._native
        sessions = (self._receiving, self._sending)
        keys = [native.ffi.cast("void *", 0 if session is None else session.address) for session in sessions]
        # The old ones are let go only after C has the new.
        before = native.sessions.get(self.number)
        native.lib.ts_link_keys(self._pointer, *keys)
        if self.number in native.links:
            native.sessions[self.number] = sessions
        del before
