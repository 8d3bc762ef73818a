"""`python -m collector.reflector --listen ADDRESS:PORT --sessions FILE --status FILE`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from collector.reflector import udp
from collector.reflector.process import Arguments, Process


def main() -> int:
    """Exit status: 0 after SIGTERM, 2 when the arguments or the port cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m collector.reflector", description="STAMP reflector (RFC 8762)")
    parser.add_argument("--listen", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--sessions", required=True, type=Path, metavar="FILE", help="keys, written by the hub")
    parser.add_argument("--status", required=True, type=Path, metavar="FILE", help="counters, for the hub")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        family, host, port = udp.parse_listen(given.listen)
    except ValueError as error:
        parser.error(f"--listen: {error}")
    try:
        one = udp.open_socket(family, host, port)
    except OSError as error:
        parser.exit(2, f"cannot listen on UDP {given.listen}: {error.strerror}; free the port or choose another\n")
    with one:
        asyncio.run(Process(Arguments(family, host, port, given.sessions, given.status), one).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
