"""Ports for servers under test, below those that the kernel gives out: nobody takes them before they are used.

Each of the processes that share the tests has a range of its own.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Iterator

_FIRST = 20_000
_PER_PROCESS = 3_000


def free_ports(count: int, *, in_a_row: bool = False) -> list[int]:
    """Ports on which neither TCP nor UDP is bound now."""
    found: list[int] = []
    for port in _candidates():
        if in_a_row and found and port != found[-1] + 1:
            found = []
        if not _is_free(port):
            found = [] if in_a_row else found
            continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"no {count} free ports")


def _candidates() -> Iterator[int]:
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST + process % 4 * _PER_PROCESS
    start = random.randrange(_PER_PROCESS)
    return (first + (start + step) % _PER_PROCESS for step in range(_PER_PROCESS))


def _is_free(port: int) -> bool:
    with contextlib.ExitStack() as stack:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
