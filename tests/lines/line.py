"""An emulated line between two namespaces, from the test's side."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.lines import truth
from tests.lines.namespaces import CannotEmulateError, Namespace
from tests.lines.spec import LineSpec

ANSWER_SECONDS = 10.0
ANSWER_BYTES = 65_536
MTU = 1500


class EmulatedLine:
    """Started by `emulated_line`; `spec` is what it does now."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self.spec = LineSpec()

    def set(self, spec: LineSpec) -> None:
        self._ask({"do": "set", "spec": spec.to_json()})
        self.spec = spec

    def cut(self, up: bool = True, down: bool = True) -> None:
        self.set(replace(self.spec, up=replace(self.spec.up, cut=up), down=replace(self.spec.down, cut=down)))

    def mend(self) -> None:
        self.cut(up=False, down=False)

    def rebind(self, address: bool = False) -> None:
        """The NAT forgets its mappings; with `address` it takes another address as well."""
        self._ask({"do": "rebind", "address": address})

    def log(self) -> list[truth.Passage]:
        """Every packet so far, in the order in which they came to the line."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log.json"
            said = self._ask({"do": "log", "path": str(path)})
            if said["unlogged"]:
                raise RuntimeError(f"{said['unlogged']} packets are not in the line's log: the test sends too many")
            return truth.read(path)

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        try:
            self._control.send(json.dumps(command).encode())
            answer = self._control.recv(ANSWER_BYTES)
        except OSError as error:
            raise CannotEmulateError(f"the line's emulator does not answer: {error}") from error
        if not answer:
            raise CannotEmulateError("the line's emulator has ended; its traceback is above")
        found: dict[str, Any] = json.loads(answer)
        return found


@contextmanager
def emulated_line(
    node: Namespace,
    hub: Namespace,
    node_address: str,
    hub_address: str,
    spec: LineSpec | None = None,
    device: str = "line0",
    nat_addresses: tuple[str, ...] = ("198.18.0.1", "198.18.0.2"),
) -> Iterator[EmulatedLine]:
    """A point-to-point line. The hub's end routes the NAT's addresses to it. Raises CannotEmulateError."""
    descriptors = [node.open_tun(device), hub.open_tun(device)]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(ANSWER_SECONDS)
    try:
        for where, own, peer in ((node, node_address, hub_address), (hub, hub_address, node_address)):
            where.ip("address", "add", own, "peer", peer, "dev", device)
            where.ip("link", "set", device, "mtu", str(MTU), "up")
        for address in nat_addresses:
            hub.ip("route", "add", address, "dev", device)
        numbers = [*descriptors, theirs.fileno()]
        command = [sys.executable, "-m", "tests.lines.emulator", *map(str, numbers), ",".join(nat_addresses)]
        process = subprocess.Popen(command, pass_fds=numbers)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
        for one in descriptors:
            os.close(one)
    try:
        line = EmulatedLine(ours)
        line.set(spec or LineSpec())
        yield line
    finally:
        ours.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.poll() is None:
            process.kill()
            process.wait()
