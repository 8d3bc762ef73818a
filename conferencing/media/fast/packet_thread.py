"""The thread that reads the worker's sockets: what it does not forward itself comes here, to the event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, cast

from conferencing.media.counters import Counters
from conferencing.media.fast.forwarder import FastForwarder
from conferencing.media.secure_transport import LONGEST_PACKET, PacketBuffer
from conferencing.media.udp_port import DATAGRAMS_PER_WAKE, DatagramHandler, Endpoint

logger = logging.getLogger(__name__)

ADDRESS_BYTES = 28


class PacketThread:
    """Runs as long as the context is open; the sockets must be closed after it. Raises OSError without a thread."""

    def __init__(
        self,
        forwarder: FastForwarder,
        endpoints: Sequence[Endpoint],
        handler: DatagramHandler,
        counters: Counters,
        epoch: float,
    ) -> None:
        native = forwarder.native
        self._lib, self._ffi = native.lib, native.ffi
        self._endpoints = tuple(endpoints)
        self._handler = handler
        self._counters = counters
        self._packet = PacketBuffer()
        self._octets = self._ffi.from_buffer("char[]", self._packet.octets, require_writable=True)
        self._address = self._ffi.new("char[]", ADDRESS_BYTES)
        self._index, self._length = self._ffi.new("int *"), self._ffi.new("int *")
        forwarder.endpoints(endpoints)
        sockets = [endpoint.socket.fileno() for endpoint in endpoints]
        self._port: Any = self._lib.ts_port_new(native.core, sockets, len(sockets), epoch, LONGEST_PACKET)
        if self._port == self._ffi.NULL:
            raise OSError("the system gives no thread for the packets")
        self._wake = self._lib.ts_port_wake(self._port)

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._wake, self._readable)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._wake)
        self._lib.ts_port_free(self._port)

    def _readable(self) -> None:
        # What is left wakes again: then other sockets and timers have had their turn.
        for _ in range(DATAGRAMS_PER_WAKE):
            length = self._lib.ts_port_take(self._port, self._octets, self._index, self._address, self._length)
            if length < 0:
                return
            source = plain_address(bytes(self._ffi.buffer(self._address, self._length[0])))
            try:
                self._handler.datagram(self._endpoints[self._index[0]], self._packet, length, source)
            except Exception:
                self._counters.drop("internal_error")
                logger.exception("x datagram of %d bytes", length)


def plain_address(packed: bytes) -> tuple[str, int]:
    """As Python's sockets tell it, from a sockaddr."""
    (family,) = struct.unpack_from("=H", packed)
    (port,) = struct.unpack_from("!H", packed, 2)
    if family == socket.AF_INET:
        return socket.inet_ntoa(packed[4:8]), port
    (scope,) = struct.unpack_from("=I", packed, 24)
    return cast(tuple[str, int], (socket.inet_ntop(socket.AF_INET6, packed[8:24]), port, 0, scope))
