"""Where accepted samples go. The collector hands them on and does not know who stores them."""

from __future__ import annotations

from typing import Protocol


class SinkFullError(Exception):
    """The sink cannot keep more now; the sender shall try again after `retry_after_seconds`."""

    def __init__(self, reason: str, retry_after_seconds: float = 5.0) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class Sink(Protocol):
    """A durable store of samples."""

    async def write(self, payload: bytes, samples: int) -> None:
        """Return once `payload`, an uncompressed WriteRequest of `samples` samples, is durable.

        Raises SinkFullError when it cannot be kept.
        """
