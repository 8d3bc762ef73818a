"""The forwarder on the core: each call is one call into C, which lets go of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from conferencing.media.counters import Counters
from conferencing.media.fast.native import Native, srtp_error
from conferencing.media.fast.streams import FastLink, FastSlot, packed_address
from conferencing.media.forwarder import WORTH_REPEATING, LeanForwarder
from conferencing.media.secure_transport import PACKET_BYTES, PacketBuffer, SrtpError
from conferencing.media.streams import Link, Slot
from conferencing.media.udp_port import Endpoint

_BEFORE_HANDSHAKE = 999


class FastForwarder:
    """For links made by its own `new_link`. Raises NotBuiltError where the C part is missing."""

    kind = "c"

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.native = Native(counters)
        # What is no media of a call goes by Python's own way.
        self._lean = LeanForwarder(counters)
        self._endpoints: dict[Endpoint, int] = {}

    def new_link(self, local_ssrc: int) -> Link:
        return FastLink(self.native, local_ssrc)

    def collect(self) -> None:
        self.native.collect()

    def forget(self, link: Link) -> None:
        self.native.collect()
        self.native.forget(_ours(link))

    def endpoints(self, endpoints: Sequence[Endpoint]) -> None:
        """The sockets that the packet thread reads, in its order."""
        self._endpoints = {endpoint: index for index, endpoint in enumerate(endpoints)}

    def path(self, endpoint: Endpoint, source: tuple[str, int], link: Link | None) -> None:
        index = self._endpoints.get(endpoint)
        if index is None:
            return
        native, packed = self.native, packed_address(source)
        pointer = _ours(link).native if link is not None else native.ffi.NULL
        native.lib.ts_path(native.core, index, packed, len(packed), pointer)

    def rtp(self, link: Link, packet: PacketBuffer, length: int, now: float) -> None:
        self.native.lib.ts_rtp(_ours(link).native, self._buffer(packet), length, now)

    def rtcp_in(self, link: Link, packet: PacketBuffer, length: int) -> bytes:
        found = self.native.lib.ts_rtcp_in(_ours(link).native, self._buffer(packet), length)
        if found < 0:
            error = -1 - found
            raise SrtpError(
                "rtcp_before_handshake" if error == _BEFORE_HANDSHAKE else f"unprotect_rtcp: {srtp_error(error)}"
            )
        return bytes(packet.view[:found])

    def rtcp_out(self, link: Link, compound: bytes) -> None:
        if len(compound) > PACKET_BYTES:
            self._counters.drop("rtcp_too_long")
            return
        self.native.lib.ts_rtcp_out(_ours(link).native, compound, len(compound))

    def resend(self, slot: Slot, sequence_numbers: Iterable[int], now: float) -> int:
        if not isinstance(slot, FastSlot):
            raise TypeError("a slot of another forwarder")
        numbers = list(sequence_numbers)
        return int(self.native.lib.ts_resend(slot.native, numbers, len(numbers), now)) if numbers else 0

    def pad(self, link: Link, octets: int, now: float) -> int:
        slot = link.padding_slot
        if not isinstance(slot, FastSlot):
            return 0
        return int(self.native.lib.ts_pad(slot.native, octets, now, WORTH_REPEATING))

    def send(self, link: Link, datagram: bytes | memoryview) -> bool:
        return self._lean.send(link, datagram)

    def _buffer(self, packet: PacketBuffer) -> Any:
        return self.native.ffi.from_buffer("char[]", packet.octets, require_writable=True)


def _ours(link: Link) -> FastLink:
    if not isinstance(link, FastLink):
        raise TypeError("a link of another forwarder")
    return link
