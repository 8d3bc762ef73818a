"""UPSes that Network UPS Tools watches on this machine: most UPSes of an office hang on a USB plug."""

from __future__ import annotations

import socket

from agent.samples import Sample
from agent.sensors import nut_protocol
from agent.sensors.battery import FAMILIES
from agent.sensors.nut_protocol import NutError, Ups
from agent.sensors.sensor import Sensor

HOST = "127.0.0.1"
PORT = 3493
TIMEOUT_SECONDS = 2.0
MAX_BYTES = 65_536


def read() -> tuple[Ups, ...]:
    return ask(HOST, PORT)


def ask(host: str, port: int) -> tuple[Ups, ...]:
    """None found when nobody listens there. Raises OSError, NutError."""
    try:
        connection = socket.create_connection((host, port), TIMEOUT_SECONDS)
    except ConnectionRefusedError:
        return ()
    with connection:
        talk = nut_protocol.conversation()
        command = next(talk)
        while True:
            connection.sendall(command.encode() + b"\n")
            try:
                command = talk.send(_answer(connection))
            except StopIteration as end:
                connection.sendall(b"LOGOUT\n")
                found: tuple[Ups, ...] = end.value
                return found


def _answer(connection: socket.socket) -> list[str]:
    held = b""
    while True:
        part = connection.recv(4096)
        held += part
        lines = held.decode("utf-8", "replace").splitlines() if held.endswith(b"\n") else []
        if nut_protocol.complete(lines):
            return lines
        if not part or len(held) > MAX_BYTES:
            raise NutError("the answer has no end")


def parse(reading: tuple[Ups, ...]) -> list[Sample]:
    samples: list[Sample] = []
    for ups in reading:
        labels = (("ups", ups.name),)
        status = ups.variables.get("ups.status", "").split()
        if "OB" in status or "OL" in status:
            samples.append(Sample("thongsuot_ups_on_battery", int("OB" in status), labels))
            samples.append(Sample("thongsuot_ups_battery_low", int("LB" in status), labels))
            samples.append(Sample("thongsuot_ups_replace_battery", int("RB" in status), labels))
        for name, variable, scale in (
            ("thongsuot_ups_charge_ratio", "battery.charge", 0.01),
            ("thongsuot_ups_runtime_seconds", "battery.runtime", 1.0),
            ("thongsuot_ups_load_ratio", "ups.load", 0.01),
            ("thongsuot_ups_input_volts", "input.voltage", 1.0),
        ):
            try:
                samples.append(Sample(name, float(ups.variables[variable]) * scale, labels))
            except (KeyError, ValueError):
                continue
    return samples


SENSOR = Sensor(FAMILIES, read, parse)
