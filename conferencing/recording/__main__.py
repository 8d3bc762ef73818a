"""`python -m conferencing.recording --socket PATH --folder PATH`: the recorder, ends on SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from conferencing.recording.recorder import Recorder, serve

logger = logging.getLogger(__name__)

GIGABYTE = 10**9


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m conferencing.recording", description="Recorder of Thông Suốt")
    parser.add_argument("--socket", type=Path, required=True, metavar="PATH", help="Unix socket for the workers")
    parser.add_argument("--folder", type=Path, required=True, metavar="PATH", help="where recordings lie")
    parser.add_argument("--limit-gigabytes", type=float, default=200.0, help="of all recordings together")
    parser.add_argument("--keep-days", type=float, default=90.0)
    options = parser.parse_args()
    logging.basicConfig(level="INFO", format="%(asctime)s recorder %(levelname)s %(message)s", stream=sys.stderr)
    options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    recorder = Recorder(options.folder, int(options.limit_gigabytes * GIGABYTE), options.keep_days * 86400)
    try:
        asyncio.run(_run(options.socket, recorder))
    except OSError as error:
        logger.error("cannot start: %s", error)
        return 2
    return 0


async def _run(path: Path, recorder: Recorder) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(path, recorder, stop)


if __name__ == "__main__":
    sys.exit(main())
