"""When the line may be loaded by a test, and by how much. Pure."""

from __future__ import annotations

import zlib

from agent.wire.configuration import ThroughputWindow

MINUTES_A_DAY = 1440
MINUTE_SECONDS = 60


def start_of_tonight(window: ThroughputWindow, node: str, unix: float) -> float:
    """When this node's test is due in the window of the day at `unix`, in Unix seconds.

    Each node has a minute of its own in the window, the same every night: the hub's line is shared.
    """
    day = unix // (MINUTES_A_DAY * MINUTE_SECONDS) * MINUTES_A_DAY * MINUTE_SECONDS
    length = (window.end_minute - window.begin_minute) % MINUTES_A_DAY or MINUTES_A_DAY
    begin = day + window.begin_minute * MINUTE_SECONDS
    if begin > unix and begin - MINUTES_A_DAY * MINUTE_SECONDS + length * MINUTE_SECONDS > unix:
        # The window of yesterday is still open.
        begin -= MINUTES_A_DAY * MINUTE_SECONDS
    return begin + zlib.crc32(node.encode()) % length * MINUTE_SECONDS


def due(window: ThroughputWindow, node: str, unix: float, last_unix: float | None) -> bool:
    """Whether the test should run now: in this node's place of the window, or later in it, once."""
    length = (window.end_minute - window.begin_minute) % MINUTES_A_DAY or MINUTES_A_DAY
    begin = start_of_tonight(window, node, unix)
    opened = begin - zlib.crc32(node.encode()) % length * MINUTE_SECONDS
    if not begin <= unix < opened + length * MINUTE_SECONDS:
        return False
    return last_unix is None or last_unix < begin


def most_bytes(window: ThroughputWindow, contract_mbits: float | None) -> int:
    """Of one direction: what the contract promises for the time of a test, and no more than allowed."""
    if contract_mbits is None:
        return window.max_bytes
    return min(window.max_bytes, int(contract_mbits * 1e6 / 8 * window.max_seconds))
