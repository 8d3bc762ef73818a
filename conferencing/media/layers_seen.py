"""Which layers of a sender somebody sees: what nobody sees is not to be sent, for it takes the sender's line."""

from __future__ import annotations

from collections.abc import Container

from conferencing.media.streams import Layer, Link
from conferencing.rtp.slots import Role

KEPT_SECONDS = 3.0
"""A layer that somebody saw a moment ago stays: who looks away often looks back."""


class LayersSeen:
    """One sender."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._seen_at: dict[Layer, float] = {}
        self._told: dict[Role, tuple[str, ...]] = {}

    def forget(self) -> None:
        """Whoever was told is gone: everything is said again."""
        self._told.clear()

    def told(self, seen: Container[Layer], now: float) -> list[tuple[Role, tuple[str, ...]]]:
        """What has changed since the last call: role and rids to be sent."""
        news = []
        for role, source in self._link.sources.items():
            if not source.video:
                continue
            for layer in source.layers:
                if layer in seen or layer.index <= source.wanted_level:
                    self._seen_at[layer] = now
            rids = tuple(
                layer.rid for layer in source.layers if now - self._seen_at.get(layer, -KEPT_SECONDS) < KEPT_SECONDS
            )
            if self._told.get(role) != rids:
                self._told[role] = rids
                news.append((role, rids))
        return news
