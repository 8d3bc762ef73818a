"""Traffic, errors and drops of the network interfaces, loopback left out."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor

_UNKNOWN_SPEED = 65_535
"""Some drivers say so for a cable that is not there; Windows for a speed that it does not know."""


@dataclass(frozen=True, slots=True)
class Interface:
    """Counters since boot; `up`, `speed_mbits` None where the system does not say."""

    name: str
    loopback: bool
    up: bool | None
    receive_bytes: int
    transmit_bytes: int
    receive_errors: int
    transmit_errors: int
    receive_drops: int
    transmit_drops: int
    speed_mbits: int | None = None


def read() -> tuple[Interface, ...]:
    states = psutil.net_if_stats()
    found = []
    for name, counters in psutil.net_io_counters(pernic=True).items():
        state = states.get(name)
        flags = state.flags.split(",") if state else []
        found.append(
            Interface(
                name=name,
                loopback="loopback" in flags or name in ("lo", "lo0"),
                up=state.isup if state else None,
                receive_bytes=counters.bytes_recv,
                transmit_bytes=counters.bytes_sent,
                receive_errors=counters.errin,
                transmit_errors=counters.errout,
                receive_drops=counters.dropin,
                transmit_drops=counters.dropout,
                speed_mbits=state.speed if state and 0 < state.speed < _UNKNOWN_SPEED else None,
            )
        )
    return tuple(found)


def parse(reading: tuple[Interface, ...]) -> list[Sample]:
    samples = []
    for one in reading:
        if one.loopback:
            continue
        labels = (("interface", one.name),)
        if one.up is not None:
            samples.append(Sample("thongsuot_network_up", int(one.up), labels))
        if one.speed_mbits is not None:
            speed = one.speed_mbits * 1_000_000
            samples.append(Sample("thongsuot_network_speed_bits_per_second", speed, labels))
        for name, value in (
            ("thongsuot_network_receive_bytes_total", one.receive_bytes),
            ("thongsuot_network_transmit_bytes_total", one.transmit_bytes),
            ("thongsuot_network_receive_errors_total", one.receive_errors),
            ("thongsuot_network_transmit_errors_total", one.transmit_errors),
            ("thongsuot_network_receive_drops_total", one.receive_drops),
            ("thongsuot_network_transmit_drops_total", one.transmit_drops),
        ):
            samples.append(Sample(name, value, labels))
    return samples


SENSOR = Sensor(
    (
        Family("thongsuot_network_up", Kind.GAUGE, "Whether the interface is up."),
        Family("thongsuot_network_speed_bits_per_second", Kind.GAUGE, "Speed agreed on the cable."),
        Family("thongsuot_network_receive_bytes_total", Kind.COUNTER, "Bytes received."),
        Family("thongsuot_network_transmit_bytes_total", Kind.COUNTER, "Bytes sent."),
        Family("thongsuot_network_receive_errors_total", Kind.COUNTER, "Packets received with errors."),
        Family("thongsuot_network_transmit_errors_total", Kind.COUNTER, "Packets not sent because of errors."),
        Family("thongsuot_network_receive_drops_total", Kind.COUNTER, "Received packets that were dropped."),
        Family("thongsuot_network_transmit_drops_total", Kind.COUNTER, "Packets dropped before sending."),
    ),
    read,
    parse,
)
