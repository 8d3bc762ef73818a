"""What the agent costs a commune's machine: memory and CPU with all sensors and a probe of 10 packets/s.

Compared with a bare Python process that imports what the agent imports and sleeps, and with node_exporter when it is
installed (Debian: prometheus-node-exporter), scraped at the agent's interval. All measured over the same minute.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from tests.e2e.system import System, until
from tests.ports import free_ports

SECONDS = 60.0
BARE = "import time, asyncio, sqlite3, ssl, psutil, cramjam; time.sleep(3600)"


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder))
        system.start()
        others = {"bare Python with its imports": subprocess.Popen([sys.executable, "-c", BARE])}
        exporter = shutil.which("prometheus-node-exporter")
        (port,) = free_ports(1)
        if exporter:
            command = [exporter, f"--web.listen-address=127.0.0.1:{port}"]
            others["node_exporter, scraped every 15 s"] = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            until(lambda: system.query("thongsuot_line_sent_packets"), 60, "the agent measures")
            processes = {"thongsuot-agent": psutil.Process(system.pid_of("agent"))}
            processes |= {name: psutil.Process(process.pid) for name, process in others.items()}
            _measure(processes, port if exporter else None)
        finally:
            for process in others.values():
                process.terminate()
                process.wait()
            system.stop()
    if not exporter:
        print("(node_exporter is not installed: apt-get install prometheus-node-exporter)")


def _measure(processes: dict[str, psutil.Process], port: int | None) -> None:
    before = {name: _cpu(process) for name, process in processes.items()}
    began = time.monotonic()
    while (left := SECONDS - (time.monotonic() - began)) > 0:
        if port is not None:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read()
        time.sleep(min(left, 15))
    seconds = time.monotonic() - began
    print(f"\nagent, over {seconds:.0f} s               resident MiB   % of a core")
    for name, process in processes.items():
        share = 100 * (_cpu(process) - before[name]) / seconds
        print(f"{name:<36} {process.memory_info().rss / 2**20:>12.1f} {share:>13.2f}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
