"""What the hub's configuration says to the collector."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from agent.wire.configuration import ProbesConfiguration
from collector.snmp_access import SnmpAccess


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    run_directory: Path
    """Holds stamp-sessions.json, which the reflector reads."""
    stamp_secret: str = field(default="", repr=False)
    """What the lines' STAMP keys are made of."""
    stamp_host: str = ""
    """Empty: the host of the hub's address, as the node knows it."""
    stamp_port: int = 8620
    packets_per_second: int = 10
    sampling_interval_seconds: int = 15
    probes: ProbesConfiguration = field(default_factory=ProbesConfiguration)
    """What all nodes probe. Without a throughput window no line is ever loaded by a test."""
    snmp: SnmpAccess = field(default_factory=SnmpAccess, repr=False)
    """How the offices' gear is asked."""
    processes: tuple[str, ...] = ()
    """Names of programs that all nodes watch."""
    ca_sha256: str | None = None
    """Fingerprint of the hub's own CA, for enrolment tokens; None over plain HTTP."""
    requests_per_second: float = 50.0
    """Write requests of one node; twice as many at once."""
    samples_per_second: float = 50_000.0
    """Samples of one node, backlog included; ten seconds' worth at once."""
