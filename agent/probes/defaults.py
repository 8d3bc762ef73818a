"""What a node probes when its hub does not say: what is needed to place a fault, and whether the hub works."""

from __future__ import annotations

from agent.hub_client import HubAddress
from agent.probes.whereabouts import FIRST_HOP, GATEWAY, HUB
from agent.wire.configuration import ProbeTarget

ECHO_INTERVAL_SECONDS = 1


def default_targets(hub: HubAddress) -> tuple[ProbeTarget, ...]:
    return tuple(ProbeTarget("icmp", target, "", ECHO_INTERVAL_SECONDS) for target in (GATEWAY, FIRST_HOP, HUB))
