"""Linux' wtmp and btmp (utmp(5)): who logged in, who tried. Pure."""

from __future__ import annotations

import ipaddress
import struct

from agent.signals.login_lines import Attempt

RECORD = struct.Struct("<hxxi32s4s32s256shhiii16s20x")
USER_PROCESS, LOGIN_PROCESS = 7, 6


def parse_utmp(content: bytes, failed: bool, since: float) -> list[Attempt]:
    """`failed`: the records are btmp's. A record that was cut short at the end is left out."""
    attempts = []
    for at in range(0, len(content) - RECORD.size + 1, RECORD.size):
        kind, _pid, _line, _id, user, host, _term, _exit, _session, seconds, _micro, address = RECORD.unpack_from(
            content, at
        )
        if kind not in ((USER_PROCESS, LOGIN_PROCESS) if failed else (USER_PROCESS,)) or seconds <= since:
            continue
        attempts.append(Attempt(float(seconds), _text(user)[:64], _address(address) or _text(host)[:64], not failed))
    return attempts


def _address(raw: bytes) -> str:
    if not any(raw):
        return ""
    if not any(raw[4:]):
        return str(ipaddress.IPv4Address(raw[:4]))
    return str(ipaddress.IPv6Address(raw))


def _text(raw: bytes) -> str:
    text = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
    # A display or terminal is no place from which somebody comes.
    return "" if text.startswith(":") else text
