"""The worker's side: totals of each source and slot of one peer, as they go to the hub."""

from __future__ import annotations

from conferencing.control import SlotStatistics, SourceStatistics
from conferencing.media.streams import Link, Slot, Source
from conferencing.rtp.rtcp import ReceiverReport


class SlotFeedback:
    """What a receiver has said of one slot."""

    __slots__ = ("jitter", "keyframe_requests", "loss", "lost", "nacks", "resent")

    def __init__(self) -> None:
        self.loss: float | None = None
        self.lost = self.jitter = 0
        self.nacks = self.resent = self.keyframe_requests = 0


class PeerFeedback:
    """The same of all slots of a peer."""

    __slots__ = ("_by_slot",)

    def __init__(self) -> None:
        self._by_slot: dict[str, SlotFeedback] = {}

    def receiver_report(self, slot: Slot, report: ReceiverReport) -> None:
        found = self._of(slot)
        found.loss, found.lost, found.jitter = report.fraction_lost, report.packets_lost, report.jitter

    def nack(self, slot: Slot, asked: int, resent: int) -> None:
        found = self._of(slot)
        found.nacks += asked
        found.resent += resent

    def keyframe_request(self, slot: Slot) -> None:
        self._of(slot).keyframe_requests += 1

    def slots(self, link: Link, seats: dict[str, str]) -> tuple[SlotStatistics, ...]:
        """Of the slots that have carried something; `seats`: who is in them now."""
        return tuple(
            _slot_statistics(slot, seats.get(slot.name), self._of(slot))
            for slot in link.slots.values()
            if slot.packets or slot.name in seats
        )

    def _of(self, slot: Slot) -> SlotFeedback:
        found = self._by_slot.get(slot.name)
        if found is None:
            found = self._by_slot[slot.name] = SlotFeedback()
        return found


def sources(link: Link) -> tuple[SourceStatistics, ...]:
    return tuple(map(_source_statistics, link.sources.values()))


def _slot_statistics(slot: Slot, seat: str | None, said: SlotFeedback) -> SlotStatistics:
    clock_rate = slot.source.clock_rate if slot.source is not None else 0
    return SlotStatistics(
        slot=slot.name,
        seat=seat,
        packets=slot.packets,
        bytes=slot.octets,
        lost=max(0, said.lost),
        loss=said.loss,
        jitter_seconds=said.jitter / clock_rate if clock_rate else None,
        nacks=said.nacks,
        resent=said.resent,
        keyframe_requests=said.keyframe_requests,
        layer=(slot.layer.rid or None) if slot.layer is not None else None,
    )


def _source_statistics(source: Source) -> SourceStatistics:
    """Over all its layers."""
    receptions = [layer.reception for layer in source.layers if layer.reception is not None]
    receivers = {layer: sum(1 for slot in layer.slots if slot.layer is layer) for layer in source.layers}
    most = max(source.layers, key=receivers.__getitem__)
    return SourceStatistics(
        role=source.role.value,
        enabled=source.enabled,
        packets=sum(reception.received for reception in receptions),
        bytes=sum(reception.octets for reception in receptions),
        lost=sum(reception.packets_lost for reception in receptions),
        jitter_seconds=max((one.jitter / one.clock_rate for one in receptions), default=0.0),
        keyframe_requests=sum(layer.keyframes.sent_total for layer in source.layers),
        receivers=sum(receivers.values()),
        nacks=sum(layer.nacks.requested for layer in source.layers),
        layer=most.rid if receivers[most] and most.rid else None,
    )
