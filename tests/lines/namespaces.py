"""Network namespaces of a test: made, entered and removed. Linux, root."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_numbers = count(1)


class CannotEmulateError(RuntimeError):
    """This machine cannot carry emulated lines; the text says what it needs."""


def require() -> None:
    """Raises CannotEmulateError."""
    if sys.platform != "linux":
        raise CannotEmulateError("emulated lines need Linux: network namespaces and TUN devices")
    if os.geteuid() != 0:
        raise CannotEmulateError("emulated lines need root, to make network namespaces; run the tests as root")
    if not Path("/dev/net/tun").exists():
        raise CannotEmulateError("emulated lines need /dev/net/tun; load the kernel module tun")


class Namespace:
    """One network namespace by the name it has for `ip netns`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = Path("/run/netns") / name

    def ip(self, *arguments: str) -> None:
        _command("ip", "-n", self.name, *arguments)

    def sysctl(self, key: str, value: str) -> None:
        path = Path("/proc/sys") / key.replace(".", "/")
        self.call(lambda: path.write_text(value))

    def wrap(self, command: Sequence[str]) -> list[str]:
        """The command, to be run inside."""
        return ["nsenter", f"--net={self.path}", *command]

    def call(self, function: Callable[[], T]) -> T:
        """Run in a thread that is inside; so are the threads that it starts."""
        results: list[T] = []
        failures: list[BaseException] = []

        def run() -> None:
            try:
                self._enter()
                results.append(function())
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                failures.append(error)

        thread = threading.Thread(target=run, name=f"in {self.name}")
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]

    def open_tun(self, name: str) -> int:
        """A descriptor whose other side is the device `name` in this namespace. Carries IP packets."""

        def opening() -> int:
            found = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            try:
                fcntl.ioctl(found, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
            except BaseException:
                os.close(found)
                raise
            return found

        return self.call(opening)

    def _enter(self) -> None:
        # os.setns is there from Python 3.12 on.
        library: Any = ctypes.CDLL(None, use_errno=True)
        found = os.open(self.path, os.O_RDONLY)
        try:
            if library.setns(found, _CLONE_NEWNET) != 0:
                number = ctypes.get_errno()
                raise OSError(number, f"cannot enter the network namespace {self.name}: {os.strerror(number)}")
        finally:
            os.close(found)


@contextmanager
def namespace(role: str) -> Iterator[Namespace]:
    """A new one with loopback up and ping sockets allowed. Raises CannotEmulateError."""
    require()
    name = f"line-{os.getpid()}-{next(_numbers)}-{role}"
    _command("ip", "netns", "add", name)
    try:
        one = Namespace(name)
        one.ip("link", "set", "lo", "up")
        one.sysctl("net.ipv4.ping_group_range", "0 2147483647")
        one.sysctl("net.ipv4.ip_forward", "1")
        # TTL-limited probes of a test come faster than the one a second that a router may hold them to.
        one.sysctl("net.ipv4.icmp_ratelimit", "0")
        yield one
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _command(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotEmulateError(f"{' '.join(command)}: {done.stderr.strip()}")
