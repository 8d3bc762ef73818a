"""`make bench`: every benchmark prints its table; `python -m benchmarks NAME` runs one."""

from __future__ import annotations

import sys

from benchmarks import agent, agent_device, backlog, directory, ingest, probes, scrape, sfu

BENCHMARKS = {
    "agent": agent.run,
    "agent-device": agent_device.run,
    "backlog": backlog.run,
    "directory": directory.run,
    "ingest": ingest.run,
    "probes": probes.run,
    "scrape": scrape.run,
    "sfu": sfu.run,
}


def main() -> None:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    for name in wanted:
        if name not in BENCHMARKS:
            sys.exit(f"no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
        BENCHMARKS[name]()


main()
