"""Places to measure in: a node at one end of an emulated line, a hub with a real reflector at the other."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lines.line import EmulatedLine, emulated_line
from tests.lines.namespaces import CannotEmulateError, Namespace, namespace
from tests.lines.spec import LineSpec

KEY = bytes(range(32))
SSID = 7
STAMP_PORT = 8620
START_SECONDS = 15.0

NODE, HUB, SECOND_HUB = "10.9.0.2", "10.9.0.1", "10.9.0.3"
LAN_NODE, GATEWAY = "192.168.7.20", "192.168.7.1"
GATEWAY_OUTSIDE, FIRST_HOP = "113.160.9.2", "113.160.9.1"
FIRST_HOP_OUTSIDE, FAR_HUB = "113.160.10.1", "113.160.10.2"


@dataclass
class Bench:
    """`hub_address` is where the reflector answers, as the node knows it."""

    node: Namespace
    hub: Namespace
    line: EmulatedLine
    node_address: str
    hub_address: str
    between: dict[str, Namespace] = field(default_factory=dict)


@contextmanager
def direct(spec: LineSpec | None = None) -> Iterator[Bench]:
    """node ═ line ═ hub."""
    with namespace("node") as node, namespace("hub") as hub, emulated_line(node, hub, NODE, HUB, spec) as line:
        node.ip("route", "add", "default", "dev", "line0")
        hub.ip("address", "add", f"{SECOND_HUB}/32", "dev", "lo")
        with reflector(hub):
            yield Bench(node, hub, line, NODE, HUB)


@contextmanager
def routed(spec: LineSpec | None = None) -> Iterator[Bench]:
    """node – gateway (the office's router) ═ line ═ provider (the first hop) – hub."""
    with ExitStack() as stack:
        node, gateway, provider, hub = (
            stack.enter_context(namespace(role)) for role in ("node", "gateway", "provider", "hub")
        )
        _join(node, "lan0", LAN_NODE, gateway, "lan0", GATEWAY)
        _join(provider, "core0", FIRST_HOP_OUTSIDE, hub, "core0", FAR_HUB)
        line = stack.enter_context(emulated_line(gateway, provider, GATEWAY_OUTSIDE, FIRST_HOP, spec))
        node.ip("route", "add", "default", "via", GATEWAY)
        gateway.ip("route", "add", "default", "via", FIRST_HOP)
        provider.ip("route", "add", "192.168.7.0/24", "via", GATEWAY_OUTSIDE)
        hub.ip("route", "add", "default", "via", FIRST_HOP_OUTSIDE)
        stack.enter_context(reflector(hub))
        yield Bench(node, hub, line, LAN_NODE, FAR_HUB, {"gateway": gateway, "provider": provider})


def _join(one: Namespace, device: str, address: str, other: Namespace, other_device: str, other_address: str) -> None:
    one.ip("link", "add", device, "type", "veth", "peer", "name", other_device, "netns", other.name)
    for where, name, own in ((one, device, address), (other, other_device, other_address)):
        where.ip("address", "add", f"{own}/24", "dev", name)
        where.ip("link", "set", name, "up")


@contextmanager
def reflector(hub: Namespace, listen: str = "0.0.0.0", port: int = STAMP_PORT) -> Iterator[None]:
    """The product's own, as a process inside."""
    with tempfile.TemporaryDirectory() as folder:
        sessions, status = Path(folder) / "sessions.json", Path(folder) / "status.json"
        sessions.write_text(json.dumps({"sessions": {str(SSID): KEY.hex()}}))
        command = [
            *(sys.executable, "-m", "collector.reflector", "--listen", f"{listen}:{port}"),
            *("--sessions", str(sessions), "--status", str(status)),
        ]
        process = subprocess.Popen(hub.wrap(command), stderr=subprocess.PIPE, text=True)
        try:
            _until_ready(process, status)
            yield
        finally:
            process.terminate()
            process.communicate()


def _until_ready(process: subprocess.Popen[str], status: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not status.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise CannotEmulateError(f"the reflector does not start: {process.communicate()[1]}")
        time.sleep(0.02)
