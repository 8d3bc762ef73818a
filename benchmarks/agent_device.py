"""What a device polled by SNMP (v2c, Debian's snmpd) adds to the agent's memory, beside the agent without it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.agent.devices import snmpd
from tests.agent.hub import Hub, Reflector, reflecting, serving
from tests.agent.test_running_agent import KEY, Node, configuration, names

SECONDS = 45.0
GOAL_MIB = 40.0


def run() -> None:
    print(f"\nagent by its devices, after {SECONDS:.0f} s      resident MiB   (goal: {GOAL_MIB:g})")
    with tempfile.TemporaryDirectory() as folder, snmpd.serving(Path(folder) / "snmpd") as port:
        device = {"name": "router", "address": f"127.0.0.1:{port}", "community": "public", "interval_seconds": 10}
        print(f"{'no device':<36} {_resident(Path(folder) / 'none', []):>12.1f}")
        print(f"{'one device, polled every 10 s':<36} {_resident(Path(folder) / 'one', [device]):>12.1f}")


def _resident(folder: Path, devices: list[dict[str, Any]]) -> float:
    folder.mkdir()
    node = Node(folder)
    with reflecting(Reflector(KEY)) as reflector, serving(Hub()) as hub:
        document = configuration(("l1", reflector.port), interval=15)
        document["lines"][0]["stamp"]["packets_per_second"] = 10
        hub.configuration = {**document, "devices": devices}
        with node.running(hub) as process:
            if devices:
                hub.wait(lambda: "thongsuot_device_poll_success" in names(hub), seconds=60)
            time.sleep(SECONDS)
            return float(psutil.Process(process.pid).memory_info().rss / 2**20)
