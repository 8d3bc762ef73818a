"""What a probe is: something that runs for one target until cancelled and says sample sets.

The runner (`probing.py`) starts and ends it. `World` is all that a probe may know of the agent around it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from agent.hub_client import HubAddress
from agent.hub_route import Way
from agent.probes.whereabouts import Whereabouts
from agent.samples import Family, SampleSet
from agent.wire.configuration import NodeConfiguration, ProbesConfiguration, ProbeTarget

if TYPE_CHECKING:
    import ssl

Say = Callable[[list[SampleSet]], Awaitable[None]]
"""Commits and shows samples of this probe and target."""


class ProbeFailedError(Exception):
    """What was probed is there and not as it should be; the text says how."""


@dataclass(frozen=True, slots=True)
class World:
    """`wanted`: the configuration as it is now. `key`: the node's, for what only nodes may ask of the hub.
    `way`: how the hub is reached now.
    """

    node: str
    key: str = field(repr=False)
    way: Callable[[], Way]
    whereabouts: Whereabouts
    wanted: Callable[[], NodeConfiguration | None]

    @property
    def hub(self) -> HubAddress:
        return self.way().address

    @property
    def context(self) -> ssl.SSLContext | None:
        """How the hub's certificate is verified; None over plain HTTP."""
        return self.way().context

    @property
    def probes(self) -> ProbesConfiguration:
        configuration = self.wanted()
        probes = configuration.probes if configuration else None
        return probes if probes is not None else ProbesConfiguration()

    @property
    def meeting_running(self) -> bool:
        configuration = self.wanted()
        return configuration is not None and configuration.meeting_running


class Running(Protocol):
    """One target being probed."""

    async def run(self) -> None:
        """Until cancelled. Raises only what is unexpected."""

    def finish(self) -> list[SampleSet]:
        """After `run` has ended: what is still to be said."""


@dataclass(frozen=True, slots=True)
class Probe:
    families: tuple[Family, ...]
    make: Callable[[ProbeTarget, World, Say], Running]
