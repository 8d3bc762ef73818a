"""How true the probe is: STAMP over emulated lines against the line's own log, beside irtt on the same line.

Both ask 50 times a second at once, through the same emulator, in the same run. Fates are compared with the log,
times with the kernel's stamps at both ends of the line (`tests/lines/capture.py`): the emulator's own wake-ups are
part of the line that is measured. Needs root.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lines.bench import STAMP_PORT, Bench, direct
from tests.lines.capture import Capture, capturing
from tests.lines.measuring import Measured, Probing, measure
from tests.lines.packets import HEAD_BYTES, UDP, Packet
from tests.lines.spec import Bursts, Direction, LineSpec
from tests.lines.test_stamp_over_lines import flood
from tests.lines.truth import Passage, Story, story_of

SECONDS = 10
PACKETS_PER_SECOND = 50
IRTT_PORT = 2112
LEAST_JITTER_SECONDS = 0.0005
"""Below that a line's jitter is this machine's own wake-ups, and a share of it says nothing."""
_IRTT_NUMBER = struct.Struct("<I")
_IRTT_NUMBER_AT = 12
"""Magic 3, flags 1, connection token 8; then the sequence number (irtt's packet.go, without HMAC)."""

LINES: dict[str, LineSpec] = {
    "no impairment": LineSpec(),
    "delay 40 ms": LineSpec().both(delay=0.04),
    "delay 20 ms, jitter 15 ms": LineSpec().both(delay=0.02, jitter=0.015),
    "loss 0.5 % each way": LineSpec().both(delay=0.02, jitter=0.002, loss=0.005),
    "loss 2 % each way": LineSpec().both(delay=0.02, jitter=0.002, loss=0.02),
    "loss 10 % each way": LineSpec().both(delay=0.02, jitter=0.002, loss=0.1),
    "bursts each way (4 %, 4 long)": LineSpec().both(delay=0.02, jitter=0.002, bursts=Bursts(0.0104, 0.25)),
    "loss 5 % up only": LineSpec(up=Direction(0.02, loss=0.05), down=Direction(0.02)),
    "loss 5 % down only": LineSpec(up=Direction(0.02), down=Direction(0.02, loss=0.05)),
    "2 Mbit/s, deep queue, loaded": LineSpec(
        up=Direction(0.01, rate=2_000_000, queue_bytes=250_000), down=Direction(0.01)
    ),
}


@dataclass(frozen=True, slots=True)
class Account:
    """`wrong`: packets put down to another fate than the log's."""

    packets: int
    lost: tuple[int, int]
    errors: list[float]
    jitter: float
    true_jitter: float
    wrong: int


def run() -> None:
    print(f"\nprobes, {SECONDS} s each at {PACKETS_PER_SECOND} packets/s; truth: the emulator's log, kernel stamps")
    print(f"load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'line':<31} {'probe':<6} {'packets':>7} {'lost up/down':>12} {'wrong':>5}", end="")
    print(f" {'RTT error p50':>14} {'p99':>9} {'jitter error':>13}")
    for name, spec in LINES.items():
        with direct(LineSpec().both(delay=spec.up.delay)) as bench:
            with capturing(bench.node, bench.hub) as capture:
                measured, document = _both(bench, name, spec)
            ours = _ours(measured, capture)
            theirs = None if document is None else _irtt(document, bench.line.log(), capture)
        _show(name, "STAMP", ours)
        if theirs is not None:
            _show("", "irtt", theirs)
    print("goals: none wrong, RTT error p99 ≤ 0.2 ms, jitter within 5 %")


def _show(line: str, probe: str, one: Account) -> None:
    p50, p99 = (1000 * one.errors[min(len(one.errors) - 1, int(len(one.errors) * rank))] for rank in (0.5, 0.99))
    jitter = (
        f"{100 * (one.jitter - one.true_jitter) / one.true_jitter:+.1f} %"
        if one.true_jitter > LEAST_JITTER_SECONDS
        else "–"
    )
    lost = f"{one.lost[0]}/{one.lost[1]}"
    print(f"{line:<31} {probe:<6} {one.packets:>7} {lost:>12} {one.wrong:>5}", end="")
    print(f" {p50:>11.3f} ms {p99:>6.3f} ms {jitter:>13}")


def _both(bench: Bench, name: str, spec: LineSpec) -> tuple[Measured, dict[str, Any] | None]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "irtt.json"
        server = _start(bench.hub.wrap(["irtt", "server", "-b", f"0.0.0.0:{IRTT_PORT}"]))
        time.sleep(0.5)

        async def script(run: Probing) -> None:
            run.bench.line.set(spec)
            client = _start(bench.node.wrap(_irtt_command(bench.hub_address, output)))
            for _ in range(SECONDS):
                await run.packets(PACKETS_PER_SECOND)
                if "loaded" in name:
                    flood(run.bench)
            run.bench.line.set(LineSpec().both(delay=spec.up.delay))
            await run.answered(20)
            if client is not None:
                client.wait()

        try:
            measured = measure(bench, script, PACKETS_PER_SECOND)
        finally:
            if server is not None:
                server.terminate()
                server.wait()
        return measured, json.loads(output.read_text()) if output.exists() else None


def _start(command: list[str]) -> subprocess.Popen[bytes] | None:
    """None where irtt is not installed (apt-get install irtt)."""
    if not Path("/usr/bin/irtt").exists():
        return None
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _irtt_command(address: str, output: Path) -> list[str]:
    # The same size on the wire and the same schedule; its wait at the end is ours for a late answer.
    interval = f"{1000 // PACKETS_PER_SECOND}ms"
    seconds = f"{SECONDS - 1}s"
    return [
        "irtt",
        "client",
        "-i",
        interval,
        "-d",
        seconds,
        "-l",
        "112",
        "-o",
        str(output),
        "-Q",
        f"{address}:{IRTT_PORT}",
    ]


def _ours(measured: Measured, capture: Capture) -> Account:
    truth, lost = measured.truth, measured.lost
    trips = capture.round_trips(_stamp_number)
    came = sorted((one.received_at, one) for one in measured.packets if one.received_at is not None)
    pairs = [(one.round_trip, trips[one.sequence_number]) for _at, one in came if one.sequence_number in trips]
    return Account(
        packets=len(measured.stories),
        lost=(truth["up"], truth["down"]),
        errors=sorted(said - true for said, true in pairs),
        jitter=_jitter(said for said, _ in pairs),
        true_jitter=_jitter(true for _, true in pairs),
        wrong=abs(lost.up - truth["up"]) + abs(lost.down - truth["down"]) + lost.unknown + lost.unmeasured,
    )


def _stamp_number(packet: Packet, back: bool) -> int | None:
    port = packet.source_port if back else packet.destination_port
    if packet.protocol != UDP or port != STAMP_PORT or len(packet.head) < HEAD_BYTES:
        return None
    # RFC 8762 section 4.3.2: the reflector repeats the sender's number.
    return int(struct.unpack_from("!I", packet.head, 48 if back else 0)[0])


def _irtt(document: dict[str, Any], passages: Iterable[Passage], capture: Capture) -> Account:
    stories = _irtt_stories(passages)
    trips = capture.round_trips(_irtt_number)
    said = {"false": "answered", "true_up": "up", "true_down": "down"}
    wrong = 0
    pairs = []
    for one in document["round_trips"]:
        number = one["seqno"]
        if number in stories:
            wrong += said.get(one["lost"], "unknown") != stories[number].fate
        if one["lost"] == "false" and number in trips:
            pairs.append((one["delay"]["rtt"] / 1e9, trips[number]))
    fates = [story.fate for story in stories.values()]
    return Account(
        packets=len(fates),
        lost=(fates.count("up"), fates.count("down")),
        errors=sorted(measured - true for measured, true in pairs),
        jitter=_jitter(measured for measured, _ in pairs),
        true_jitter=_jitter(true for _, true in pairs),
        wrong=wrong,
    )


def _irtt_number(packet: Packet, back: bool) -> int | None:
    port = packet.source_port if back else packet.destination_port
    if packet.protocol != UDP or port != IRTT_PORT or len(packet.head) < HEAD_BYTES:
        return None
    return int(_IRTT_NUMBER.unpack_from(packet.head, _IRTT_NUMBER_AT)[0])


def _irtt_stories(passages: Iterable[Passage]) -> dict[int, Story]:
    """Echo packets by number. Opening and closing a session use other flags and are no part of the test."""
    up: dict[int, Passage] = {}
    down: dict[int, Passage] = {}
    for one in passages:
        if one.protocol != UDP or IRTT_PORT not in (one.source_port, one.destination_port) or one.size != 28 + 112:
            continue
        (number,) = _IRTT_NUMBER.unpack_from(one.head, _IRTT_NUMBER_AT)
        (up if one.direction == "up" else down).setdefault(number, one)
    return {number: story_of(number, 0, there, down.get(number)) for number, there in up.items()}


def _jitter(trips: Iterable[float]) -> float:
    """RFC 3550 section 6.4.1, its mean over the run: the last value alone is of some sixteen packets."""
    jitter, total, count, before = 0.0, 0.0, 0, None
    for seconds in trips:
        if before is not None:
            jitter += (abs(seconds - before) - jitter) / 16
            total, count = total + jitter, count + 1
        before = seconds
    return total / count if count else 0.0
