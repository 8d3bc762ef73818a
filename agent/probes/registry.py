"""The probes of a node besides STAMP. Adding one: a file beside these, a line here."""

from __future__ import annotations

from agent.probes import icmp
from agent.probes.probe import Probe

PROBES: dict[str, Probe] = {
    "icmp": icmp.PROBE,
}
