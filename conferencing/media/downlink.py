"""One receiver's line: its estimate from whatever the receiver says, and what of the pictures it gets for it."""

from __future__ import annotations

from dataclasses import dataclass

from conferencing.media.forwarder import Forwarder
from conferencing.media.selection import can_decode, choose
from conferencing.media.streams import Layer, Link, Slot
from conferencing.rtp.allocation import PAUSED, Demand, Ladder, full_cost
from conferencing.rtp.bandwidth import HIGHEST_BITRATE, START_BITRATE, BandwidthEstimate
from conferencing.rtp.probing import Prober
from conferencing.rtp.rate import RateMeter
from conferencing.rtp.slots import SCREEN, STAGE, THUMBNAILS, Role
from conferencing.rtp.transport_feedback import TransportFeedback

NOMINAL_BITRATES = {1: (800_000.0,), 2: (150_000.0, 1_000_000.0), 3: (100_000.0, 280_000.0, 900_000.0)}
"""Of layers that are paused, by how many a source has; those that are sent are measured."""
SCREEN_BITRATE = 700_000.0
LIVE_SECONDS = 1.0
SOUND_BITRATE = 40_000.0
"""Opus as browsers send it, with headers."""
TOLD_AFTER_SECONDS = 1.5
"""The reason is told when it has held for so long: nobody is to read of every step of the first seconds."""
SETTLING_SECONDS = 4.0
REDUNDANT_FROM_LOSS = 0.01
DELAYED_FROM_LOSS = 0.03
LONGEST_REPAIR_SECONDS = 0.3
HURRY = 0.8
LOWEST_TOLD_BITRATE = 150_000.0
"""What a receiver's own estimate says below this is of its start or of a busy machine; losses say the rest."""
_ORDER = (SCREEN, STAGE, *THUMBNAILS)


@dataclass(frozen=True, slots=True)
class Reception:
    """`level`: "full", "reduced", "sound"; `reason`: "", "line", "codec" (cannot decode the stage)."""

    level: str
    reason: str


FULL = Reception("full", "")


class Downlink:
    """Belongs to one peer. What it decides is done through the slots of `link`."""

    def __init__(self, link: Link, forwarder: Forwarder, now: float) -> None:
        self._link = link
        self._forwarder = forwarder
        self._slots = [link.slots[name] for name in _ORDER if name in link.slots]
        self._measured = any(slot.extensions.transport_position for slot in link.slots.values())
        # Who says nothing of its line is believed to have one, until its losses say otherwise.
        self.estimate = BandwidthEstimate(START_BITRATE if self._measured else HIGHEST_BITRATE)
        self.round_trip = 0.1
        self._told_by_receiver = False
        self._prober = Prober(now)
        self._ladder = Ladder()
        self._rate, self._pictures = RateMeter(), RateMeter()
        self._wanted = 0.0
        self._created = now
        self._known = self._next = FULL
        self._next_since = now
        self._reported: dict[str, int] = {}

    @property
    def levels(self) -> dict[str, int]:
        return self._ladder.levels

    @property
    def known_estimate(self) -> float | None:
        """Bit/s; None for a receiver that says nothing of its line."""
        return self.estimate.bitrate if self._measured or self._told_by_receiver else None

    @property
    def probes(self) -> int:
        return self._prober.sent

    def feedback(self, feedback: TransportFeedback, now: float) -> None:
        packets = self._link.sent.acknowledge(feedback)
        if packets:
            self.estimate.feedback(packets, now)
            self._prober.acknowledged(packets, self.estimate, now)

    def told(self, bitrate: int, now: float) -> None:
        """REMB, of a receiver without transport-wide feedback."""
        if not self._measured and bitrate >= LOWEST_TOLD_BITRATE:
            self._told_by_receiver = True
            # Many measure the pictures alone and believe in little more than they get: the less is sent, the less
            # they say. Only less than what is being sent is a limit.
            if bitrate < self._pictures.bitrate or bitrate > self.estimate.bitrate:
                self.estimate.told(float(bitrate), now)

    def reported(self, slot: Slot, fraction_lost: float, now: float) -> None:
        """A receiver report: the only word on loss of those without transport-wide feedback."""
        packets = slot.packets - self._reported.get(slot.name, 0)
        self._reported[slot.name] = slot.packets
        if not self._measured and slot.video and packets >= 20:
            self.estimate.lost(round(packets * fraction_lost), packets, self._rate.bitrate, now)

    def tick(self, now: float) -> list[Layer]:
        """About ten times per second; returns layers a key frame is needed of."""
        self._rate.measure(self._link.bytes_out, now)
        self._pictures.measure(sum(slot.octets for slot in self._slots), now)
        loss = self.estimate.loss
        self._link.redundant = loss >= REDUNDANT_FROM_LOSS
        wait = min(LONGEST_REPAIR_SECONDS, 1.5 * self.round_trip + 0.04) if loss >= DELAYED_FROM_LOSS else 0.0
        self._link.playout_delay = round(wait * 100)
        return self.distribute(now)

    def distribute(self, now: float) -> list[Layer]:
        """Gives each picture its layer."""
        demands = [demand for slot in self._slots if (demand := _demand(slot, now)) is not None]
        sound = sum(SOUND_BITRATE for slot in self._link.slots.values() if not slot.video and slot.source is not None)
        self._wanted = full_cost(sound, demands)
        levels = self._ladder.update(self.estimate.bitrate, sound, demands, now)
        wanted: list[Layer] = []
        for slot in self._slots:
            level = levels.get(slot.name, PAUSED)
            wanted.extend(choose(slot, level, now, hurry=self._far_too_much(slot, sound)))
        return wanted

    def _far_too_much(self, slot: Slot, sound: float) -> bool:
        """A step down waits for its key frame, unless the queue of what is being sent would delay the sound."""
        layer = slot.layer
        return layer is not None and self.estimate.bitrate < HURRY * (sound + layer.rate.bitrate)

    def pulse(self, now: float) -> None:
        """Fifty times per second: padding of a probe, when one is due."""
        if self._link.padding_slot is None or not self._measured:
            self._prober.dare(self.estimate, self._wanted, now)
            return
        padding = self._prober.padding(self.estimate, self._wanted, self._rate.bitrate, now)
        self._link.sent.probe = self._prober.number if self._prober.running else 0
        if padding > 0:
            self._prober.overspent(self._forwarder.pad(self._link, padding, now) - padding)

    def forget(self) -> None:
        """Whoever was told is gone: what is not as usual is said again."""
        self._known = FULL

    def news(self, now: float) -> Reception | None:
        """What the page is to be told, when it has changed for good."""
        reception = self._reception()
        if reception != self._next:
            self._next, self._next_since = reception, now
        settled = now - self._created >= SETTLING_SECONDS or reception.level != "reduced"
        if self._next == self._known or now - self._next_since < TOLD_AFTER_SECONDS or not settled:
            return None
        self._known = self._next
        return self._known

    def _reception(self) -> Reception:
        for slot in self._slots:
            if slot.name in (SCREEN, STAGE) and slot.source is not None and not can_decode(slot, slot.source):
                return Reception("sound", "codec")
        if not self._ladder.limited:
            return FULL
        first = [level for slot, level in self._ladder.levels.items() if slot in (SCREEN, STAGE)]
        return Reception("sound" if first and max(first) == PAUSED else "reduced", "line")


def _demand(slot: Slot, now: float) -> Demand | None:
    source = slot.source
    if source is None or not source.enabled or not can_decode(slot, source):
        return None
    if source.role is Role.SCREEN and len(source.layers) == 1:
        nominal: tuple[float, ...] = (SCREEN_BITRATE,)
    else:
        nominal = NOMINAL_BITRATES[len(source.layers)]
    costs = []
    for layer, usual in zip(source.layers, nominal, strict=True):
        live = now - layer.last_packet < LIVE_SECONDS and layer.rate.bitrate > 0
        costs.append(max(layer.rate.bitrate, usual / 2 if len(nominal) > 1 else 0.0) if live else usual)
    # A lower layer never costs more: the ladder must have steps down.
    for index in range(len(costs) - 2, -1, -1):
        costs[index] = min(costs[index], costs[index + 1])
    first = slot.name in (STAGE, SCREEN)
    return Demand(slot.name, source.seat, tuple(costs if first else costs[:1]), first)
