"""What a channel learns later of a message that it has sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exporters.oncall.contracts import Result


@dataclass(frozen=True, slots=True)
class Receipt:
    """`receipt` as in the Outcome that it follows. `result`: DELIVERED, or REFUSED when it never will be."""

    channel: str
    receipt: str
    result: Result
    detail: str = ""


TakeReceipt = Callable[[Receipt], None]


def forget(_: Receipt) -> None:
    """For those who do not ask."""
