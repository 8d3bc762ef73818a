"""The reflector's process: socket, sessions file, status file."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from collector.files import replace_file
from collector.reflector import udp
from collector.reflector.core import Answer, Reflector
from collector.reflector.keys import SessionsFile

logger = logging.getLogger(__name__)

KEYS_CHECK_SECONDS = 1.0
STATUS_SECONDS = 5.0
PACKETS_PER_TURN = 256
"""Then timers and signals get theirs."""
SIGNINGS = 3
TOLERATED_SECONDS = 0.00005
"""Of a round trip's error, for being kept from running between the time written and the packet's leaving."""
LONGEST_LAG_SECONDS = 0.001
"""What takes longer was this process being kept from running, and says nothing of the next packet."""
_LAG_WEIGHT = 1 / 16


@dataclass(frozen=True, slots=True)
class Arguments:
    family: socket.AddressFamily
    host: str
    port: int
    sessions: Path
    status: Path


class Process:
    def __init__(self, arguments: Arguments, one: socket.socket) -> None:
        self._arguments = arguments
        self._socket = one
        self._started_at = time.time()
        self._reflector = Reflector(started_at=int(self._started_at))
        self._keys = SessionsFile(arguments.sessions)
        self._kernel_dropped = 0
        self._send_failed = 0
        self._signed_again = 0
        # From reading the clock to handing the packet over: signing it. Without it each round trip would be too
        # long by so much, for the sender takes off only the dwell that the packet tells.
        self._lag = 0.0

    async def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        await self._read_keys()
        loop.add_reader(self._socket, self._answer)
        try:
            async with asyncio.TaskGroup() as tasks:
                periodic = [
                    tasks.create_task(self._watch_keys(), name="sessions file"),
                    tasks.create_task(self._report(), name="status file"),
                ]
                await stopped.wait()
                for task in periodic:
                    task.cancel()
        finally:
            loop.remove_reader(self._socket)

    def _answer(self) -> None:
        for _ in range(PACKETS_PER_TURN):
            arrival = udp.receive(self._socket)
            if arrival is None:
                return
            if arrival.kernel_dropped is not None:
                self._kernel_dropped = arrival.kernel_dropped
            answer = self._reflector.prepare(
                arrival.packet, arrival.peer, arrival.received_at, time.time(), arrival.ttl
            )
            if answer is not None and not udp.send(self._socket, self._signed(answer), arrival):
                self._send_failed += 1

    def _signed(self, answer: Answer) -> bytes:
        """With the time at which it leaves. Signed again when this process was kept from running meanwhile."""
        for _ in range(SIGNINGS):
            began = time.time()
            packet = answer.encoded(began + self._lag)
            took = time.time() - began
            if 0 <= took <= LONGEST_LAG_SECONDS:
                self._lag += (took - self._lag) * _LAG_WEIGHT
            if 0 <= took <= self._lag + TOLERATED_SECONDS:
                break
            self._signed_again += 1
        return packet

    async def _watch_keys(self) -> None:
        while True:
            await asyncio.sleep(KEYS_CHECK_SECONDS)
            await self._read_keys()

    async def _read_keys(self) -> None:
        # In a thread, as all that touches the disk: a slow one must not show in anybody's round trip.
        keys = await asyncio.to_thread(self._keys.read_if_changed)
        if keys is not None:
            self._reflector.replace_keys(keys)

    async def _report(self) -> None:
        while True:
            try:
                await asyncio.to_thread(replace_file, self._arguments.status, json.dumps(self._status()))
            except OSError as error:
                logger.warning("%s: %s", self._arguments.status, error)
            await asyncio.sleep(STATUS_SECONDS)

    def _status(self) -> dict[str, object]:
        return {
            "at": time.time(),
            "started_at": self._started_at,
            "listen": list(self._socket.getsockname()[:2]),
            "keys": self._reflector.key_count,
            "sessions": self._reflector.session_count,
            "packets": {
                **self._reflector.counters,
                "dropped_by_kernel": self._kernel_dropped,
                "send_failed": self._send_failed,
                "signed_again": self._signed_again,
            },
        }
