"""TCP connections by state, and how much was sent again: a network that loses shows here first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor


@dataclass(frozen=True, slots=True)
class Reading:
    """`states`: how many connections are in each; segments since boot, None where the system does not say."""

    states: Mapping[str, int] = field(default_factory=dict)
    sent_segments: int | None = None
    retransmitted_segments: int | None = None


def read() -> Reading:
    if sys.platform == "win32":
        from agent.sensors.tcp_windows import states

        reading = Reading(states())
    else:
        from agent.sensors import tcp_posix

        reading = Reading(tcp_posix.states(), *tcp_posix.segments())
    return reading


def parse(reading: Reading) -> list[Sample]:
    samples = [
        Sample("thongsuot_tcp_connections", number, (("state", state),))
        for state, number in sorted(reading.states.items())
    ]
    if reading.sent_segments is not None:
        samples.append(Sample("thongsuot_tcp_sent_segments_total", reading.sent_segments))
    if reading.retransmitted_segments is not None:
        samples.append(Sample("thongsuot_tcp_retransmitted_segments_total", reading.retransmitted_segments))
    return samples


SENSOR = Sensor(
    (
        Family("thongsuot_tcp_connections", Kind.GAUGE, "TCP connections by state (RFC 9293)."),
        Family("thongsuot_tcp_sent_segments_total", Kind.COUNTER, "TCP segments sent."),
        Family("thongsuot_tcp_retransmitted_segments_total", Kind.COUNTER, "TCP segments sent again."),
    ),
    read,
    parse,
)
