"""The process of one emulated line: `python -m tests.lines.emulator UP_FD DOWN_FD CONTROL_FD ADDRESS,…`.

Reads packets from one TUN device and writes them to the other when their time has come. A process of its own,
scheduled before others where that is allowed, so that what is measured is the line and not its emulator.
"""

from __future__ import annotations

import gc
import heapq
import json
import os
import select
import socket
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from tests.lines.impairment import Fate, Impairment
from tests.lines.packets import Napt, look
from tests.lines.spec import LineSpec, parse_spec

PACKETS_PER_TURN = 64
PACKET_BYTES = 65_536
CONTROL_BYTES = 65_536
MAX_WAITING = 100_000
"""Packets on their way; more are dropped as if by a full queue."""
MAX_LOGGED = 1_000_000
LONGEST_WAIT_SECONDS = 1.0
PRIORITY = 10


class Emulator:
    """`ends`: the TUN devices at the node's and at the hub's side."""

    def __init__(self, ends: tuple[int, int], control: socket.socket, addresses: list[str]) -> None:
        self._ends = ends
        self._control = control
        self._napt = Napt(addresses)
        self._spec = LineSpec()
        self._ways = self._impairments(self._spec)
        self._waiting: list[tuple[float, int, int, bytes, list[Any]]] = []
        self._tie = count()
        self._log: list[list[Any]] = []
        self._unlogged = 0

    def run(self) -> None:
        """Until the other side of the control socket is closed."""
        # select and not epoll: its timeout is in microseconds, and there are three descriptors.
        watched = (*self._ends, self._control.fileno())
        while True:
            wait = LONGEST_WAIT_SECONDS
            if self._waiting:
                wait = min(wait, max(0.0, self._waiting[0][0] - time.monotonic()))
            ready, _, _ = select.select(watched, (), (), wait)
            self._release()
            for index, end in enumerate(self._ends):
                if end in ready:
                    self._read(index)
            if watched[2] in ready and not self._obey():
                return

    def _read(self, index: int) -> None:
        for _ in range(PACKETS_PER_TURN):
            try:
                packet = os.read(self._ends[index], PACKET_BYTES)
            except BlockingIOError:
                return
            now = time.monotonic()
            self._offer(index, packet, now)

    def _offer(self, index: int, packet: bytes, now: float) -> None:
        seen = look(packet)
        if seen is None:
            # The kernel's own IPv6 chatter on a new device.
            return
        changed: bytes | None = packet
        if self._spec.nat:
            changed = self._napt.inward(packet) if index else self._napt.outward(packet)
        fate, times = (Fate.NAT, ()) if changed is None else self._ways[index].offer(len(packet), now)
        if fate is Fate.PASSED and len(self._waiting) >= MAX_WAITING:
            fate, times = Fate.QUEUE, ()
        entry = [
            "down" if index else "up", now, None, fate.value, seen.protocol, seen.source, seen.destination,
            seen.source_port, seen.destination_port, len(packet), seen.head.hex(), len(times),
        ]  # fmt: skip
        if len(self._log) < MAX_LOGGED:
            self._log.append(entry)
        else:
            self._unlogged += 1
        for at in times:
            assert changed is not None
            if at <= now:
                self._write(1 - index, changed, entry)
            else:
                heapq.heappush(self._waiting, (at, next(self._tie), 1 - index, changed, entry))

    def _release(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _at, _tie, end, packet, entry = heapq.heappop(self._waiting)
            self._write(end, packet, entry)

    def _write(self, end: int, packet: bytes, entry: list[Any]) -> None:
        if entry[2] is None:
            entry[2] = time.monotonic()
        # A device whose namespace is going down takes no more.
        with suppress(OSError):
            os.write(self._ends[end], packet)

    def _obey(self) -> bool:
        asked = self._control.recv(CONTROL_BYTES)
        if not asked:
            return False
        command = json.loads(asked)
        answer: dict[str, Any] = {}
        match command["do"]:
            case "set":
                self._set(parse_spec(command["spec"]))
            case "rebind":
                self._napt.rebind(command["address"])
            case "log":
                with Path(command["path"]).open("w", encoding="ascii") as file:
                    json.dump(self._log, file)
                answer = {"unlogged": self._unlogged, "waiting": len(self._waiting)}
        self._control.send(json.dumps(answer).encode())
        return True

    def _set(self, spec: LineSpec) -> None:
        if spec.seed != self._spec.seed:
            self._ways = self._impairments(spec)
        self._spec = spec
        self._ways[0].replace(spec.up)
        self._ways[1].replace(spec.down)

    def _impairments(self, spec: LineSpec) -> tuple[Impairment, Impairment]:
        return Impairment(spec.up, Random(spec.seed)), Impairment(spec.down, Random(spec.seed + 1_000_003))


def main() -> None:
    up, down, control = (int(one) for one in sys.argv[1:4])
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    gc.disable()
    with socket.socket(fileno=control) as one:
        Emulator((up, down), one, sys.argv[4].split(",")).run()


if __name__ == "__main__":
    main()
