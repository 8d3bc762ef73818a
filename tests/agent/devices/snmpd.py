"""Debian's snmpd on loopback for the tests of devices."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIGURATION = """
agentAddress udp:127.0.0.1:{port}
rocommunity public 127.0.0.1
sysName bench-router
createUser kiem SHA matkhau12345 AES rieng12345
createUser khoa SHA-256 matkhau12345 AES-256 rieng12345
rouser kiem priv
rouser khoa priv
"""


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[int]:
    program = shutil.which("snmpd") or "/usr/sbin/snmpd"
    assert Path(program).exists(), "install it with: apt-get install snmpd snmp"
    port = port or free_udp_port()
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "snmpd.conf"
    configuration.write_text(CONFIGURATION.format(port=port))
    process = subprocess.Popen(
        [
            program,
            "-f",
            "-C",
            "-c",
            str(configuration),
            "-Lf",
            str(folder / "log"),
            "-I",
            "-smux,mteTrigger,mteTriggerConf",
        ],
        env={**os.environ, "SNMP_PERSISTENT_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while "NET-SNMP version" not in _log(folder) and time.monotonic() < deadline:
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


def _log(folder: Path) -> str:
    path = folder / "log"
    return path.read_text() if path.exists() else ""
