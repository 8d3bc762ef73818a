"""Which forwarder a worker uses: the one in Python, or by the environment the one in C where it was built."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from conferencing.media.counters import Counters
from conferencing.media.fast.native import NotBuiltError
from conferencing.media.forwarder import Forwarder, LeanForwarder

logger = logging.getLogger(__name__)

VARIABLE = "THONGSUOT_FORWARDER"
DEFAULT = "python"


class ChoiceError(OSError):
    """The forwarder that is asked for cannot be had; the text says why and what to do."""


def choose_forwarder(environment: Mapping[str, str], counters: Counters) -> Forwarder:
    """By THONGSUOT_FORWARDER: "python", "c", or "auto" for C where it was built. Raises ChoiceError."""
    wanted = environment.get(VARIABLE) or DEFAULT
    if wanted not in ("auto", "c", "python"):
        raise ChoiceError(f'{VARIABLE}={wanted!r}: not "auto", "c" or "python"')
    if wanted != "python":
        try:
            # Loaded here alone: elsewhere nothing of it is needed.
            from conferencing.media.fast.forwarder import FastForwarder

            return FastForwarder(counters)
        except (NotBuiltError, MemoryError) as error:
            if wanted == "c":
                raise ChoiceError(f"{VARIABLE}=c: {error}") from None
            logger.warning("- media are forwarded in Python, at about twice the CPU: %s", error)
    return LeanForwarder(counters)
