"""Whether the ports that the programs will take are free, asked before any of them starts."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from hub.failure import UserError


@dataclass(frozen=True, slots=True)
class Port:
    """`key` is the key of hub.toml that moves it."""

    key: str
    kind: socket.SocketKind
    address: str
    number: int


def require_free(ports: Iterable[Port]) -> None:
    """Raises UserError naming the first port that is taken or forbidden, its key, and how to see who has it."""
    for port in ports:
        protocol = "TCP" if port.kind is socket.SOCK_STREAM else "UDP"
        try:
            _try(port)
        except OSError as error:
            vi, en = _REASONS.get(error.errno or 0, (str(error), str(error)))
            flags = "-ltnp" if protocol == "TCP" else "-lunp"
            raise UserError(
                f"{port.key}: cổng {protocol} {port.number} tại {port.address} {vi}; xem: "
                f"ss {flags} 'sport = :{port.number}', hoặc đặt {port.key} khác trong hub.toml (--config). / "
                f"{protocol} port {port.number} on {port.address} {en}; "
                f"see who has it, or set another {port.key} in hub.toml (--config)"
            ) from None


_REASONS = {
    errno.EADDRINUSE: ("đang do chương trình khác dùng", "is taken by another program"),
    errno.EACCES: ("cần quyền root", "needs root"),
    errno.EADDRNOTAVAIL: ("là địa chỉ máy này không có", "is on an address that this machine does not have"),
}


def _try(port: Port) -> None:
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    with socket.socket(family, port.kind) as probe:
        if port.kind is socket.SOCK_STREAM:
            # As the programs do: connections of the last run that linger are no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((port.address, port.number))
