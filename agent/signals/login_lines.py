"""Attempts to log in, as sshd, PAM and login write them: pure, one message in, one attempt or nothing out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_ADDRESS = r"(?P<address>[0-9A-Fa-f.:]+)"
_USER = r"(?P<user>\S*)"
_PATTERNS: tuple[tuple[bool, re.Pattern[str]], ...] = (
    (False, re.compile(
        rf"Failed (?:password|keyboard-interactive/pam|none) for (?:invalid user )?{_USER} from {_ADDRESS} "
    )),
    (False, re.compile(
        rf"Connection (?:closed|reset) by (?:authenticating|invalid) user {_USER} {_ADDRESS} port \d+ \[preauth\]"
    )),
    (True, re.compile(rf"Accepted \S+ for {_USER} from {_ADDRESS} ")),
    (False, re.compile(r"FAILED LOGIN \(\d+\) on '?(?P<address>\S+?)'? FOR '?(?P<user>[^',]+)'?,")),
    (False, re.compile(
        r"pam_unix\((?!sshd|login)[\w-]+:auth\): authentication failure;"
        r".*? rhost=(?P<address>\S*)(?: +user=(?P<user>\S+))?"
    )),
    (True, re.compile(
        r"pam_unix\((?:login|gdm-password|lightdm|sddm|xrdp-sesman):session\): "
        r"session opened for user (?P<user>[^\s(]+)(?P<address>)"
    )),
)  # fmt: skip
_SYSLOG = re.compile(
    r"(?:(?P<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*)|(?P<bsd>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)) "
    r"\S+ [^:\[ ]+(?:\[\d+\])?: (?P<message>.*)"
)
MAX_ATTEMPTS = 5000


@dataclass(frozen=True, slots=True)
class Attempt:
    """`time`: Unix seconds; `address` empty at the machine itself."""

    time: float
    user: str
    address: str
    success: bool


def parse_message(time: float, message: str) -> Attempt | None:
    for success, pattern in _PATTERNS:
        if found := pattern.search(message):
            return Attempt(time, (found["user"] or "")[:64], (found["address"] or "")[:64], success)
    return None


def parse_journal(lines: Iterator[str]) -> list[Attempt]:
    """Of `journalctl -o json`: one object a line."""
    attempts = []
    for line in lines:
        try:
            entry = json.loads(line)
            message, time = entry["MESSAGE"], int(entry["__REALTIME_TIMESTAMP"]) / 1e6
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(message, list):
            # Bytes that are no UTF-8 come as numbers.
            message = bytes(one for one in message if isinstance(one, int) and 0 <= one < 256).decode(
                "utf-8", "replace"
            )
        if isinstance(message, str) and (attempt := parse_message(time, message)) is not None:
            attempts.append(attempt)
    return attempts[-MAX_ATTEMPTS:]


def parse_auth_log(lines: Iterator[str], since: float, now: float) -> list[Attempt]:
    """Of /var/log/auth.log, in both of syslog's date formats; what is older than `since` is left out."""
    attempts = []
    for line in lines:
        found = _SYSLOG.match(line)
        if found is None:
            continue
        time = _iso(found["iso"]) if found["iso"] else _bsd(found["bsd"], now)
        if time is None or time <= since:
            continue
        if (attempt := parse_message(time, found["message"])) is not None:
            attempts.append(attempt)
    return attempts[-MAX_ATTEMPTS:]


def _iso(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _bsd(text: str, now: float) -> float | None:
    """Local time without a year: the last such day that is not in the future."""
    today = datetime.fromtimestamp(now, UTC).astimezone()
    for year in (today.year, today.year - 1):
        try:
            moment = datetime.strptime(f"{year} {' '.join(text.split())}", "%Y %b %d %H:%M:%S").astimezone()
        except (ValueError, OverflowError):
            continue
        if moment <= today + timedelta(days=1):
            return moment.timestamp()
    return None
