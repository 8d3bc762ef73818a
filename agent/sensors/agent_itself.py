"""What the agent itself is and costs. What its queue holds is said by the runner, who owns the queue."""

from __future__ import annotations

import platform
import socket
from dataclasses import dataclass

import psutil

from agent import __version__
from agent.samples import Family, Kind, Sample
from agent.sensors.sensor import Sensor


@dataclass(frozen=True, slots=True)
class Reading:
    version: str
    python: str
    platform: str
    hostname: str
    resident_bytes: int
    cpu_seconds: float
    started: float
    """Unix seconds."""


def read() -> Reading:
    process = psutil.Process()
    with process.oneshot():
        times = process.cpu_times()
        return Reading(
            version=__version__,
            python=platform.python_version(),
            platform=platform.platform(terse=True),
            hostname=socket.gethostname(),
            resident_bytes=process.memory_info().rss,
            cpu_seconds=times.user + times.system,
            started=process.create_time(),
        )


def parse(reading: Reading) -> list[Sample]:
    about = (
        ("hostname", reading.hostname),
        ("platform", reading.platform),
        ("python", reading.python),
        ("version", reading.version),
    )
    return [
        Sample("thongsuot_agent_info", 1, tuple(pair for pair in about if pair[1])),
        Sample("thongsuot_agent_resident_memory_bytes", reading.resident_bytes),
        Sample("thongsuot_agent_cpu_seconds_total", reading.cpu_seconds),
        Sample("thongsuot_agent_start_time_seconds", reading.started),
    ]


SENSOR = Sensor(
    (
        Family("thongsuot_agent_info", Kind.GAUGE, "What runs on this node; always 1."),
        Family("thongsuot_agent_resident_memory_bytes", Kind.GAUGE, "Resident memory of the agent."),
        Family("thongsuot_agent_cpu_seconds_total", Kind.COUNTER, "Processor time that the agent has used."),
        Family("thongsuot_agent_start_time_seconds", Kind.GAUGE, "Unix time at which the agent started."),
    ),
    read,
    parse,
)
