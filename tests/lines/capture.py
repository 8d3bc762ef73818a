"""When packets passed both ends of a line, by the kernel's stamps, as tcpdump there would show it.

The emulator's log says what became of a packet and how long it kept it; its own wake-ups are the line's as well and
stand in no log. A process of its own: the stamps are the kernel's, so it may read them late.
`python -m tests.lines.capture FD FD OUTPUT`
"""

from __future__ import annotations

import json
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.probes.kernel_stamps import ask_for_stamps
from tests.lines.namespaces import Namespace
from tests.lines.packets import Packet, look

MAX_SIGHTINGS = 500_000
BUFFER_BYTES = 8 * 1024 * 1024
PACKET_BYTES = 256
STOP_SECONDS = 10.0
_ETH_P_ALL = 0x0003
_PACKET_OUTGOING = 4
_SO_RCVBUFFORCE = 33
_STAMP_BYTES = 16

Number = Callable[[Packet, bool], int | None]
"""The sequence number of a probe's packet; the flag: on its way back. None: not one of its packets."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """`end` 0: the node's, 1: the hub's. `at`: nanoseconds."""

    end: int
    outgoing: bool
    at: int
    packet: Packet


@dataclass
class Capture:
    sightings: list[Sighting] = field(default_factory=list)
    """Filled when the capture ends."""

    def round_trips(self, number: Number) -> dict[int, float]:
        """Seconds from leaving the node to being back, less the stay at the hub, by sequence number."""
        times: dict[tuple[int, bool, int], int] = {}
        for one in self.sightings:
            found = number(one.packet, one.outgoing == (one.end == 1))
            if found is not None:
                times.setdefault((one.end, one.outgoing, found), one.at)
        trips = {}
        for end, outgoing, found in times:
            whole = [times.get((*key, found)) for key in ((0, True), (1, False), (1, True), (0, False))]
            if (end, outgoing) == (0, True) and None not in whole:
                left, there, back, again = (at for at in whole if at is not None)
                trips[found] = ((again - left) - (back - there)) / 1e9
        return trips


@contextmanager
def capturing(node: Namespace, hub: Namespace, device: str = "line0") -> Iterator[Capture]:
    """What it saw is there once the block has ended."""

    def opening() -> socket.socket:
        one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, BUFFER_BYTES)
        ask_for_stamps(one)
        one.bind((device, _ETH_P_ALL))
        return one

    found = Capture()
    with tempfile.TemporaryDirectory() as folder, node.call(opening) as first, hub.call(opening) as second:
        output = Path(folder) / "capture.json"
        numbers = (first.fileno(), second.fileno())
        command = [sys.executable, "-m", "tests.lines.capture", *map(str, numbers), str(output)]
        process = subprocess.Popen(command, pass_fds=numbers)
        try:
            yield found
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
        for end, outgoing, at, content in json.loads(output.read_text(encoding="ascii")):
            packet = look(bytes.fromhex(content))
            if packet is not None:
                found.sightings.append(Sighting(end, outgoing, at, packet))


def main() -> None:
    ends = [socket.socket(fileno=int(one)) for one in sys.argv[1:3]]
    rows: list[tuple[int, bool, int, str]] = []
    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    while not stopped and len(rows) < MAX_SIGHTINGS:
        ready, _, _ = select.select(ends, (), (), 0.2)
        for end, one in enumerate(ends):
            if one in ready:
                content, ancillary, _flags, address = one.recvmsg(PACKET_BYTES, 64)
                stamps = [data for _level, _kind, data in ancillary if len(data) == _STAMP_BYTES]
                if stamps:
                    at = int.from_bytes(stamps[0][:8], sys.byteorder) * 10**9 + int.from_bytes(
                        stamps[0][8:], sys.byteorder
                    )
                    rows.append((end, address[2] == _PACKET_OUTGOING, at, content.hex()))
    Path(sys.argv[3]).write_text(json.dumps(rows), encoding="ascii")


if __name__ == "__main__":
    main()
