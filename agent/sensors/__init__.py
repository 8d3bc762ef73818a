"""The sensors of a node. Adding one: a file beside these, a line here, a fixture in the tests."""

from __future__ import annotations

from typing import Any

from agent.sensors import agent_itself, battery, cpu, disk, filesystem, memory, network, nut, tcp, temperature, uptime
from agent.sensors.sensor import Sensor

SENSORS: dict[str, Sensor[Any]] = {
    "cpu": cpu.SENSOR,
    "memory": memory.SENSOR,
    "filesystem": filesystem.SENSOR,
    "disk": disk.SENSOR,
    "network": network.SENSOR,
    "tcp": tcp.SENSOR,
    "temperature": temperature.SENSOR,
    "battery": battery.SENSOR,
    "nut": nut.SENSOR,
    "uptime": uptime.SENSOR,
    "agent": agent_itself.SENSOR,
}
