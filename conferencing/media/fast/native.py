"""The compiled core and what Python holds of it: names to objects, keys that stay as long as C uses them."""

from __future__ import annotations

import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

import pylibsrtp

from conferencing.media.counters import Counters
from conferencing.media.secure_transport import PACKET_BYTES
from conferencing.rtp.header import RtpHeader

if TYPE_CHECKING:
    from conferencing.media.fast.streams import FastLayer, FastLink, FastSlot

logger = logging.getLogger(__name__)

CODECS = {"VP8": 1, "H264": 2, "opus": 3, "red": 4}
CODEC_NAMES = {number: name for name, number in CODECS.items()}
OPERATIONS = ("protect", "unprotect", "protect_rtcp", "unprotect_rtcp")
SRTP_ERRORS = 32
LEVELS_AT_ONCE = 1024
MODULE_VARIABLE = "THONGSUOT_FORWARDER_MODULE"


class NotBuiltError(ImportError):
    """The C part was not compiled here, or cannot be loaded; the text says which."""


def load() -> Any:
    """The compiled module. Raises NotBuiltError."""
    try:
        return importlib.import_module(os.environ.get(MODULE_VARIABLE, "conferencing.media.fast._core"))
    except ImportError as error:
        raise NotBuiltError(f"{error}; with a C compiler there, pip install builds it") from None


class Native:
    """One core: the state of all links of a worker."""

    def __init__(self, counters: Counters) -> None:
        module = load()
        self.ffi: Any = module.ffi
        self.lib: Any = module.lib
        self._counters = counters
        # pylibsrtp's own library, by the addresses of its functions: there is one libsrtp in the process.
        functions = (self._function(f"srtp_{name}") for name in OPERATIONS)
        self.core = self.ffi.gc(self._made(self.lib.ts_core_new(*functions)), self.lib.ts_core_release)
        self.links: dict[int, FastLink] = {}
        self.layers: dict[int, FastLayer] = {}
        self.slots: dict[int, FastSlot] = {}
        # libsrtp's sessions must outlive C's use of them, whatever the garbage collector does first.
        self.sessions: dict[int, tuple[object, object]] = {}
        self._last = 0
        kinds = self.lib.ts_drop_kinds()
        self._reasons = [self._reason(index) for index in range(kinds)]
        self._drops = self.ffi.new("uint64_t[]", kinds)
        self._totals = self.ffi.new("uint64_t[4]")
        room = LEVELS_AT_ONCE
        self._times = self.ffi.new("double[]", room)
        self._heard_links = self.ffi.new("uint32_t[]", room)
        self._heard_sources = self.ffi.new("uint32_t[]", room)
        self._heard = self.ffi.new("int[]", room)
        self._copy = self.ffi.new("ts_copy *")
        self._copied = self.ffi.new("char[]", PACKET_BYTES)

    def number(self) -> int:
        """A name for C's use, never given twice."""
        self._last += 1
        return self._last

    def made(self, pointer: Any) -> Any:
        """What C made. Raises MemoryError for NULL."""
        return self._made(pointer)

    def collect(self) -> None:
        """Takes over what C counted and heard since the last call."""
        counters, totals, drops = self._counters, self._totals, self._drops
        self.lib.ts_counts(self.core, totals, drops)
        counters.packets_received += totals[0]
        counters.bytes_received += totals[1]
        counters.packets_forwarded += totals[2]
        counters.bytes_forwarded += totals[3]
        for reason, count in zip(self._reasons, self.ffi.unpack(drops, len(self._reasons)), strict=True):
            if count:
                counters.drops[reason] += count
        while True:
            count = self.lib.ts_levels(
                self.core, self._times, self._heard_links, self._heard_sources, self._heard, LEVELS_AT_ONCE
            )
            for index in range(count):
                link = self.links.get(self._heard_links[index])
                if link is not None and link.levels is not None:
                    source = link.source_at(self._heard_sources[index])
                    link.levels(source.seat, self._heard[index], self._times[index])
            if count < LEVELS_AT_ONCE:
                break
        while (length := self.lib.ts_tapped(self.core, self._copied, self._copy)) >= 0:
            self._tapped(self._copy, length)

    def forget(self, link: FastLink) -> None:
        """C lets go of a link; what was counted of it can still be read."""
        self.lib.ts_link_detach(link.native)
        self.links.pop(link.number, None)
        self.sessions.pop(link.number, None)
        for slot in link.slots.values():
            self.slots.pop(getattr(slot, "number", 0), None)
        for layer in link.layers():
            self.layers.pop(getattr(layer, "number", 0), None)

    def _tapped(self, copy: Any, length: int) -> None:
        layer = self.layers.get(copy.layer)
        if layer is None or layer.source.tap is None:
            return
        header = RtpHeader(
            copy.payload_type, copy.marker, copy.padding, copy.sequence_number, copy.timestamp, copy.ssrc, 0, 0, 0, 0
        )
        payload = memoryview(self.ffi.unpack(self._copied, length))
        codec = CODEC_NAMES.get(copy.codec, "")
        layer.source.tap.packet(layer, codec, header, copy.sequence, payload, copy.time, keyframe=copy.keyframe)

    def _made(self, pointer: Any) -> Any:
        if pointer == self.ffi.NULL:
            raise MemoryError("the packet path in C gives no more room")
        return pointer

    def _function(self, name: str) -> Any:
        theirs: Any = getattr(pylibsrtp, "ffi")  # noqa: B009 - not in pylibsrtp's exported names
        address = theirs.addressof(getattr(pylibsrtp, "lib"), name)  # noqa: B009
        return self.ffi.cast("void *", int(theirs.cast("uintptr_t", address)))

    def _reason(self, index: int) -> str:
        name = self.lib.ts_reason(index)
        if name != self.ffi.NULL:
            return str(self.ffi.string(name).decode())
        first = next(one for one in range(index + 1) if self.lib.ts_reason(one) == self.ffi.NULL)
        operation, error = divmod(index - first, SRTP_ERRORS)
        return f"{OPERATIONS[operation]}: {srtp_error(error)}"


def srtp_error(error: int) -> str:
    return pylibsrtp.ERRORS[error] if 0 <= error < len(pylibsrtp.ERRORS) else "unknown"
