"""The collector put together: routes for nodes, periodic work, snapshot and history for board and exporters."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from sqlalchemy.orm import Session, sessionmaker

from collector.sink import Sink
from collector.snapshot import CollectorSnapshot


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """What the hub's configuration says to the collector."""

    run_directory: Path
    """Holds stamp-sessions.json, which the reflector reads."""
    stamp_host: str = ""
    """Empty: the host of the hub's address, as the node knows it."""
    stamp_port: int = 8620
    packets_per_second: int = 10
    sampling_interval_seconds: int = 15
    ca_sha256: str | None = None
    """Fingerprint of the hub's own CA, for enrolment tokens; None over plain HTTP."""


class Collector:
    """One per hub, owned by its event loop.

    `router`: the node-facing routes of docs/protocol.md section 1, except /ca.pem and /healthz.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        sink: Sink,
        settings: CollectorSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.router = APIRouter()

    async def run(self) -> None:
        """Periodic work until cancelled."""
        raise NotImplementedError

    def snapshot(self, now: float) -> CollectorSnapshot:
        raise NotImplementedError
