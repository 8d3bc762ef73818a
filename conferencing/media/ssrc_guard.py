"""How many SSRCs a peer may use: libsrtp keeps state for each that proved genuine, as long as the peer is there."""

from __future__ import annotations

SSRCS_LIMIT = 64
"""Camera layers, screen, sounds, their repairs, and as many again when a sender begins anew: far fewer."""


class SsrcGuard:
    """Asked before a packet is decrypted, told after: forged packets take no place."""

    __slots__ = ("_proved",)

    def __init__(self) -> None:
        self._proved: set[int] = set()

    def known(self, ssrc: int) -> bool:
        return ssrc in self._proved

    @property
    def full(self) -> bool:
        return len(self._proved) >= SSRCS_LIMIT

    def proved(self, ssrc: int) -> None:
        if not self.full:
            self._proved.add(ssrc)
