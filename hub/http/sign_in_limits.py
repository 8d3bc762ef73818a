"""Guessing made slow: per account and place, per address, and in work done at once. Nobody else is shut out."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection

from collector.accounts.lockout import Lockout
from collector.accounts.people import normalise
from collector.limits import AddressLimits
from hub.http.principal import address_of
from hub.http.problems import RefusedError

logger = logging.getLogger(__name__)

DEVICE_COOKIE = "thongsuot_device"
DEVICE_SECONDS = 180 * 86400
MAX_NAMES_PER_DEVICE = 8
ATTEMPTS_PER_SECOND = 0.5
ATTEMPTS_AT_ONCE = 30
"""From one address without the cookie of a known browser; a whole office may share an address."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one account. `key`: the account, and where it is tried from."""

    key: tuple[str, str]
    address: str
    device: str | None


class SignInLimits:
    """A browser that has signed in to an account before carries a signed cookie that says so: what others do wrong
    with that account from elsewhere, or from the same address, does not lock it out (OWASP, device cookies).
    """

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="thongsuot.device")
        self._clock = clock
        self._lockout = Lockout()
        self._addresses = AddressLimits(ATTEMPTS_PER_SECOND, ATTEMPTS_AT_ONCE)

    def begin(self, connection: HTTPConnection, name: str) -> Attempt:
        """Raises RefusedError 429 while it is to wait. Counts as a failure until it is said otherwise."""
        now = self._clock()
        name = normalise(name)
        address = address_of(connection)
        device, names = self._read(connection)
        known = device is not None and name in names
        attempt = Attempt((name, f"device {device}" if known else _network(address)), address, device)
        wait = 0.0 if known else self._addresses.wait_seconds(_network(address), now)
        wait = max(wait, self._lockout.begin(attempt.key, now))
        if wait > 0:
            seconds = int(wait) + 1
            logger.warning("x sign-in from %s refused for %d s more", address, seconds)
            raise RefusedError(
                429,
                "locked",
                f"Sai nhiều lần; thử lại sau {seconds} giây. / Too many failures; try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )
        return attempt

    def failed(self, attempt: Attempt) -> bool:
        """Whether that was the one too many."""
        return self._lockout.is_locked(attempt.key, self._clock())

    def take_back(self, attempt: Attempt) -> None:
        """Right so far; the code is still to come."""
        self._lockout.take_back(attempt.key)

    def succeeded(self, attempt: Attempt) -> None:
        self._lockout.succeeded(attempt.key)

    def device_cookie(self, connection: HTTPConnection, name: str) -> str:
        """The cookie that makes this browser a known one for `name`, and those that it knew before."""
        device, names = self._read(connection)
        names = [normalise(name), *(one for one in names if one != normalise(name))][:MAX_NAMES_PER_DEVICE]
        return self._serializer.dumps({"d": device or secrets.token_hex(8), "u": names})

    def _read(self, connection: HTTPConnection) -> tuple[str | None, list[str]]:
        cookie = connection.cookies.get(DEVICE_COOKIE, "")
        if not cookie or len(cookie) > 2048:
            return None, []
        try:
            content = self._serializer.loads(cookie, max_age=DEVICE_SECONDS)
            return str(content["d"]), [str(name) for name in content["u"]]
        except (BadSignature, KeyError, TypeError):
            logger.warning("x forged device cookie from %s", address_of(connection))
            return None, []


def _network(address: str) -> str:
    """One household or office: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
