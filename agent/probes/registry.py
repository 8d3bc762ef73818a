"""The probes of a node besides STAMP. Adding one: a file beside these, a line here."""

from __future__ import annotations

from agent.probes import dns, http, icmp, path, tcp, throughput, tls
from agent.probes.probe import Probe

PROBES: dict[str, Probe] = {
    "icmp": icmp.PROBE,
    "path": path.PROBE,
    "tcp": tcp.PROBE,
    "tls": tls.PROBE,
    "http": http.PROBE,
    "dns": dns.PROBE,
    "throughput": throughput.PROBE,
}
