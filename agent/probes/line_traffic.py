"""What the interface of the default route has carried since boot. Touches the system, decides nothing."""

from __future__ import annotations

import time

import psutil

from agent.probes.loaded_latency import Traffic
from agent.probes.routes import DefaultRoute, read_default_route


def read_traffic(route: DefaultRoute | None = None) -> Traffic | None:
    """None where there is no default route or its interface does not count."""
    route = route or read_default_route()
    if route is None:
        return None
    counters = psutil.net_io_counters(pernic=True).get(route.interface)
    return None if counters is None else Traffic(time.time(), counters.bytes_recv, counters.bytes_sent)
