"""State that the core keeps, in the forms in which the rest of the worker reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conferencing.rtp.continuity import Continuity
from conferencing.rtp.keyframes import (
    KEYFRAME_REQUEST_INTERVAL_SECONDS,
    KEYFRAME_REQUESTS_LIMIT,
    KeyframeRequests,
)
from conferencing.rtp.nack import MISSING_LIMIT, NackRequests
from conferencing.rtp.reception import Reception
from conferencing.rtp.sent_packets import Acknowledged, SentPackets
from conferencing.rtp.transport_feedback import TransportArrivals, TransportFeedback

if TYPE_CHECKING:
    from conferencing.media.fast.native import Native

ARRIVALS_AT_ONCE = 512


class FastContinuity(Continuity):
    __slots__ = ("_lib", "_slot")

    def __init__(self, native: Native, slot: Any) -> None:
        self._lib = native.lib
        self._slot = slot

    @property
    def anchored(self) -> bool:
        return bool(self._lib.ts_slot_anchored(self._slot))

    @property
    def last_timestamp(self) -> int:
        return int(self._lib.ts_slot_last_timestamp(self._slot))

    @property
    def timestamp_offset(self) -> int:  # type: ignore[override]
        return int(self._lib.ts_slot_timestamp_offset(self._slot))

    def restart(self) -> None:
        self._lib.ts_slot_restart(self._slot)


class FastReception(Reception):
    """Of one stream of a layer; what it was when the layer was last looked at."""

    __slots__ = ("_restarts", "generation")

    def __init__(self, layer: Any, clock_rate: int) -> None:
        super().__init__(layer.ssrc, clock_rate)
        self._seen = []
        self.generation = layer.generation
        self._restarts = 0
        self.look(layer)

    def look(self, layer: Any) -> None:
        if layer.restarts != self._restarts:
            self._restarts = layer.restarts
            self._expected_prior = self._received_prior = 0
        self.received = layer.received
        self.octets = layer.octets
        self.jitter = layer.jitter
        self._base = layer.base
        self._highest = layer.highest


class FastNacks(NackRequests):
    __slots__ = ("_asked", "_layer", "_native")

    def __init__(self, native: Native, layer: Any, patience: float) -> None:
        self.patience = patience
        self._native = native
        self._layer = layer
        self._asked = native.ffi.new("uint16_t[]", MISSING_LIMIT)

    @property
    def pending(self) -> bool:
        return bool(self._layer.missing_count)

    @property
    def requested(self) -> int:  # type: ignore[override]
        return int(self._layer.requested)

    @property
    def given_up(self) -> int:  # type: ignore[override]
        return int(self._layer.given_up)

    def due(self, now: float, round_trip: float) -> list[int]:
        count = self._native.lib.ts_layer_due(self._layer, now, round_trip, self.patience, self._asked)
        return list(self._native.ffi.unpack(self._asked, count)) if count else []


class FastKeyframes(KeyframeRequests):
    __slots__ = ("_layer", "_lib")

    def __init__(self, native: Native, layer: Any) -> None:
        self._lib = native.lib
        self._layer = layer

    @property
    def coalesced(self) -> int:  # type: ignore[override]
        return int(self._layer.coalesced)

    @property
    def sent_total(self) -> int:  # type: ignore[override]
        return int(self._layer.requests_total)

    def ask(self, now: float) -> bool:
        return self._call(1, now)

    def note(self) -> None:
        self._lib.ts_layer_note(self._layer, 1)

    def due(self, now: float) -> bool:
        return self._call(0, now)

    def arrived(self) -> None:
        self._lib.ts_layer_note(self._layer, 0)

    def _call(self, ask: int, now: float) -> bool:
        return bool(
            self._lib.ts_layer_keyframe(
                self._layer, ask, now, KEYFRAME_REQUEST_INTERVAL_SECONDS, KEYFRAME_REQUESTS_LIMIT
            )
        )


class FastArrivals(TransportArrivals):
    __slots__ = ("_link", "_native", "_numbers", "_times")

    def __init__(self, native: Native, link: Any) -> None:
        super().__init__()
        self._native = native
        self._link = link
        self._numbers = native.ffi.new("uint16_t[]", ARRIVALS_AT_ONCE)
        self._times = native.ffi.new("double[]", ARRIVALS_AT_ONCE)

    def __bool__(self) -> bool:
        return bool(self._link.arrival_count) or super().__bool__()

    def messages(self, ssrc: int, media_ssrc: int) -> list[bytes]:
        count = ARRIVALS_AT_ONCE
        while count == ARRIVALS_AT_ONCE:
            count = self._native.lib.ts_arrivals(self._link, self._numbers, self._times, ARRIVALS_AT_ONCE)
            for index in range(count):
                self.arrived(self._numbers[index], self._times[index])
        return super().messages(ssrc, media_ssrc)


class FastSent(SentPackets):
    __slots__ = ("_link", "_native")

    def __init__(self, native: Native, link: Any) -> None:
        self._native = native
        self._link = link

    @property
    def octets(self) -> int:  # type: ignore[override]
        return int(self._link.sent_octets)

    @property
    def probe(self) -> int:
        return int(self._link.probe)

    @probe.setter
    def probe(self, number: int) -> None:
        self._link.probe = number

    def acknowledge(self, feedback: TransportFeedback) -> list[Acknowledged]:
        ffi, told = self._native.ffi, feedback.arrivals
        count = len(told)
        numbers = ffi.new("uint16_t[]", [number for number, _ in told])
        times, octets = ffi.new("double[]", count), ffi.new("uint32_t[]", count)
        probes, there = ffi.new("uint32_t[]", count), ffi.new("char[]", count)
        self._native.lib.ts_acknowledge(self._link, numbers, count, times, octets, probes, there)
        known = bytes(ffi.buffer(there))
        return [
            Acknowledged(times[index], arrived, octets[index], probes[index])
            for index, (_, arrived) in enumerate(told)
            if known[index]
        ]
