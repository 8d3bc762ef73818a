"""What a node probes when its hub does not say: what is needed to place a fault, and whether the hub works."""

from __future__ import annotations

from agent.hub_client import HubAddress
from agent.probes.whereabouts import FIRST_HOP, GATEWAY, HUB, is_address
from agent.wire.configuration import ProbeTarget

ECHO_INTERVAL_SECONDS = 1


PATH_INTERVAL_SECONDS = 300
CHECK_INTERVAL_SECONDS = 60
CERTIFICATE_INTERVAL_SECONDS = 3600
THROUGHPUT_LOOK_SECONDS = 300


def default_targets(hub: HubAddress) -> tuple[ProbeTarget, ...]:
    found = [ProbeTarget("icmp", target, "", ECHO_INTERVAL_SECONDS) for target in (GATEWAY, FIRST_HOP, HUB)]
    found.append(ProbeTarget("path", HUB, "", PATH_INTERVAL_SECONDS))
    found.append(ProbeTarget("tcp", HUB, "", CHECK_INTERVAL_SECONDS))
    found.append(ProbeTarget("http", HUB, "", CHECK_INTERVAL_SECONDS))
    # Does nothing before the hub names a window for it.
    found.append(ProbeTarget("throughput", HUB, "", THROUGHPUT_LOOK_SECONDS))
    if hub.secure:
        found.append(ProbeTarget("tls", HUB, "", CERTIFICATE_INTERVAL_SECONDS))
    if not is_address(hub.host) and hub.host != "localhost":
        found.append(ProbeTarget("dns", "resolvers", "", CHECK_INTERVAL_SECONDS))
    return tuple(found)
