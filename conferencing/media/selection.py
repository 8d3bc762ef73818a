"""Which layer of a source goes into a slot, and how a slot changes from one to the next. Handles no packets."""

from __future__ import annotations

from conferencing.media.streams import Layer, Slot, Source
from conferencing.rtp.allocation import PAUSED

LIVE_SECONDS = 1.0
"""A layer without a packet for so long is paused at its sender, or the sender's line is too narrow for it."""


def assign(slot: Slot, source: Source | None) -> None:
    """Puts a source, or nothing, into a slot. A picture goes on until the new source's key frame comes."""
    if slot.source is source:
        return
    slot.source = source
    # First nothing is awaited any more: packets may be on their way in another thread.
    _await(slot, ())
    if slot.layer is not None and (source is None or not slot.layer.source.enabled):
        _stop(slot)


def choose(slot: Slot, level: int, now: float, *, hurry: bool = False) -> list[Layer]:
    """Sends the best layer up to `level`, PAUSED for none; returns layers a key frame is needed of now.

    `slot.source` is in it; what is sent of another source goes on until then. `hurry`: the line is far too narrow for
    what is being sent, which ends at once.
    """
    slot.level = level
    source = slot.source
    if source is None or not source.enabled:
        return []
    if level == PAUSED or not can_decode(slot, source):
        _await(slot, ())
        if slot.layer is not None:
            _stop(slot)
        return []
    if hurry and slot.layer is not None and slot.layer.source is source and slot.layer.index > level:
        _stop(slot)
    layers = source.layers[: level + 1]
    live = [layer for layer in layers if now - layer.last_packet < LIVE_SECONDS]
    if live or len(layers) == 1:
        best = live[-1] if live else layers[0]
        awaited: tuple[Layer, ...] = () if slot.layer is best else (best,)
    else:
        awaited = tuple(layer for layer in layers if layer is not slot.layer)
    new = [layer for layer in awaited if layer not in slot.awaited]
    _await(slot, awaited)
    return new if slot.video else []


def can_decode(slot: Slot, source: Source) -> bool:
    codec = source.codec
    return codec in slot.codecs or (codec == "red" and "opus" in slot.codecs)


def switch(slot: Slot, layer: Layer) -> None:
    """The awaited layer's key frame is there."""
    previous = slot.layer
    slot.layer = layer
    slot.awaited = ()
    if previous is not None and previous is not layer:
        _unsubscribe(slot, previous)
    for other in layer.source.layers:
        if other is not layer:
            _unsubscribe(slot, other)
    slot.continuity.restart()
    slot.link.reports_due = True


def _await(slot: Slot, layers: tuple[Layer, ...]) -> None:
    before, slot.awaited = slot.awaited, layers
    for layer in before:
        if layer not in layers and layer is not slot.layer:
            _unsubscribe(slot, layer)
    for layer in layers:
        if slot not in layer.slots:
            layer.slots = (*layer.slots, slot)


def _stop(slot: Slot) -> None:
    layer, slot.layer = slot.layer, None
    if layer is not None and layer not in slot.awaited:
        _unsubscribe(slot, layer)
    slot.continuity.restart()


def _unsubscribe(slot: Slot, layer: Layer) -> None:
    if slot in layer.slots:
        layer.slots = tuple(one for one in layer.slots if one is not slot)
