"""The ways to the hub: its addresses in order, each with its trust and proxy; the first that answers is kept.

An address that failed is passed over until the others fail too, or until it is time to ask the first one again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.hub_client import TIMEOUT_SECONDS, Answer, HubAddress, HubConnection, HubUnreachableError
from agent.proxy import Proxy

if TYPE_CHECKING:
    import ssl

FIRST_AGAIN_SECONDS = 600.0
"""After so long on another address the first one is asked again."""

Heard = Callable[[Answer, float, float], object]
"""An answer came, to a request sent and answered at these seconds of the monotonic clock given."""


@dataclass(frozen=True, slots=True)
class Way:
    """`context` None: plain HTTP."""

    address: HubAddress
    context: ssl.SSLContext | None
    proxy: Proxy | None = None


class HubRoute:
    """Shared by all connections of the agent. `heard` is called in their worker threads."""

    def __init__(
        self,
        ways: tuple[Way, ...],
        heard: Heard | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ways = ways
        self._heard = heard
        self._monotonic = monotonic
        self._current = 0
        self._since = 0.0
        self._answered_at: float | None = None
        self._unreached_at: float | None = None

    def connect(self, timeout_seconds: float = TIMEOUT_SECONDS) -> RoutedConnection:
        return RoutedConnection(self, timeout_seconds)

    @property
    def way(self) -> Way:
        """Where the hub was heard last."""
        return self.ways[self._current]

    @property
    def address(self) -> HubAddress:
        return self.way.address

    @property
    def answered_at(self) -> float | None:
        """When any address answered last, by the monotonic clock given; None when none has yet."""
        return self._answered_at

    @property
    def seconds_since_answer(self) -> float | None:
        """Since any address answered; None when none has yet."""
        return None if self._answered_at is None else self._monotonic() - self._answered_at

    @property
    def seconds_since_unreached(self) -> float | None:
        """Since a request reached none of the addresses: not one of them failed then but the way to all."""
        return None if self._unreached_at is None else self._monotonic() - self._unreached_at

    def order(self) -> list[int]:
        """Which ways to try, the likeliest first."""
        first = self._current
        if first and self._monotonic() - self._since >= FIRST_AGAIN_SECONDS:
            self._since = self._monotonic()
            first = 0
        return [first, *(one for one in range(len(self.ways)) if one != first)]

    def unreached(self) -> None:
        self._unreached_at = self._monotonic()

    def answered(self, index: int, answer: Answer, sent: float) -> None:
        self._answered_at = self._monotonic()
        if index != self._current:
            self._current, self._since = index, self._monotonic()
        if self._heard is not None:
            self._heard(answer, sent, self._monotonic())

    def now(self) -> float:
        return self._monotonic()


class RoutedConnection:
    """One kept-alive connection, to whichever of the addresses answers."""

    def __init__(self, route: HubRoute, timeout_seconds: float) -> None:
        self._route = route
        self._timeout_seconds = timeout_seconds
        self._index = -1
        self._connection: HubConnection | None = None
        self._aborted = False

    @property
    def address(self) -> HubAddress:
        return self._connection.address if self._connection is not None else self._route.address

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises HubUnreachableError, which names each address and why it was not reached."""
        reasons = []
        for index in self._route.order():
            connection = self._to(index)
            sent = self._route.now()
            try:
                answer = connection.request(method, path, body, headers)
            except HubUnreachableError as error:
                reasons.append(str(error))
                if self._aborted:
                    break
                continue
            self._route.answered(index, answer, sent)
            return answer
        if not self._aborted:
            self._route.unreached()
        raise HubUnreachableError("; ".join(reasons))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def abort(self) -> None:
        """From another thread: make a request that is under way fail at once."""
        self._aborted = True
        if self._connection is not None:
            self._connection.abort()

    def _to(self, index: int) -> HubConnection:
        if self._connection is None or index != self._index:
            self.close()
            way = self._route.ways[index]
            self._connection = HubConnection(way.address, way.context, self._timeout_seconds, way.proxy)
            self._index = index
        return self._connection
