"""Command line of the worker."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conferencing.media.candidates import Announced
from conferencing.media.udp_port import Listen


@dataclass(frozen=True, slots=True)
class Options:
    """`announce`: addresses under which the port is reached beside the bound ones, or in their stead (NAT)."""

    socket: Path
    listen: tuple[Listen, ...]
    announce: tuple[Announced, ...]
    name: str
    statistics_seconds: float
    log_level: str


def parse_options(arguments: Sequence[str]) -> Options:
    """Exits with status 2 and one line when an option is wrong."""
    parser = argparse.ArgumentParser(prog="python -m conferencing.media", description="Media worker of Thông Suốt")
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="Unix socket for the hub")
    parser.add_argument(
        "--listen",
        type=_listen,
        action="append",
        required=True,
        metavar="IP:PORT",
        help="UDP address; 0.0.0.0 or [::] stands for every local address, one socket each; repeatable",
    )
    parser.add_argument(
        "--announce",
        type=_announced,
        action="append",
        default=[],
        metavar="IP[=LOCAL]",
        help="address seen from outside; with LOCAL: of that address of this machine, which is then not told itself",
    )
    parser.add_argument("--name", default="media-0", help="name in logs and metrics")
    parser.add_argument("--statistics-seconds", type=float, default=5.0, help="how often the hub is told")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    found = parser.parse_args(arguments)
    return Options(
        found.socket,
        tuple(found.listen),
        tuple(found.announce),
        found.name,
        max(0.1, found.statistics_seconds),
        found.log_level,
    )


def _listen(text: str) -> Listen:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not IP:PORT")
    return Listen(_address(host.removeprefix("[").removesuffix("]")), int(port))


def _announced(text: str) -> Announced:
    outside, _, local = text.partition("=")
    return Announced(_address(outside), _address(local) if local else "")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IP address") from None
