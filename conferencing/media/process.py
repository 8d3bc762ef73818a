"""The running worker: port, control socket, timers; ends on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import uvloop

from conferencing.media.candidates import host_candidates
from conferencing.media.control_server import ControlServer
from conferencing.media.counters import Counters
from conferencing.media.fast.choice import choose_forwarder
from conferencing.media.forwarder import Forwarder
from conferencing.media.options import Options, parse_options
from conferencing.media.secure_transport import self_test
from conferencing.media.udp_port import PortError, UdpPort, expand
from conferencing.media.worker import MediaWorker

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
PULSE_SECONDS = 0.02


def run(arguments: Sequence[str]) -> int:
    """Exit status: 0 after a signal, 2 when it cannot start as asked."""
    options = parse_options(arguments)
    logging.basicConfig(
        level=options.log_level, format=f"%(asctime)s {options.name} %(levelname)s %(message)s", stream=sys.stderr
    )
    self_test()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options))
    except PortError as error:
        logger.error("cannot open the port: %s. Another worker runs, or the address is not of this machine", error)
        return 2
    except OSError as error:
        logger.error("cannot start: %s", error)
        return 2
    return 0


async def _serve(options: Options) -> None:
    # Monotonic, so that a step of the system's clock stops no call; near Unix time, for the NTP in reports.
    epoch = time.time() - time.monotonic()

    def clock() -> float:
        return epoch + time.monotonic()

    counters = Counters()
    forwarder = choose_forwarder(os.environ, counters)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with UdpPort(expand(options.listen), counters) as port, contextlib.ExitStack() as reading:
        # What aiortc leaves running is cancelled with the group's own tasks.
        async with asyncio.TaskGroup() as tasks:
            candidates = host_candidates([(one.host, one.port) for one in port.endpoints], options.announce)
            worker = MediaWorker(
                options.name,
                candidates,
                counters,
                clock,
                tasks,
                random.SystemRandom(),
                forwarder,
            )
            loop.add_signal_handler(signal.SIGUSR1, worker.drain)
            server = ControlServer(counters, worker.handle, worker.state)
            worker.tell = server.tell
            async with server.listening(options.socket):
                # Closed before the sockets are: the packet thread reads them to the end.
                reading.enter_context(_reading(port, worker, forwarder, counters, epoch))
                timers = [
                    tasks.create_task(_every(PULSE_SECONDS, lambda: worker.pulse(clock()), counters), name="pulses"),
                    tasks.create_task(_every(TICK_SECONDS, lambda: worker.tick(clock()), counters), name="ticks"),
                    tasks.create_task(
                        _every(options.statistics_seconds, lambda: server.tell(worker.statistics()), counters),
                        name="statistics",
                    ),
                ]
                logger.info("- forwards in %s", "C, in a thread of its own" if forwarder.kind == "c" else "Python")
                logger.info("- listens on %s", ", ".join(f"{c.address}:{c.port}" for c in candidates))
                await stop.wait()
            for timer in timers:
                timer.cancel()
            worker.close()
    logger.info("- stopped")


@contextlib.contextmanager
def _reading(
    port: UdpPort, worker: MediaWorker, forwarder: Forwarder, counters: Counters, epoch: float
) -> Iterator[None]:
    if forwarder.kind != "c":
        port.start(worker.dispatcher)
        yield
        return
    from conferencing.media.fast.forwarder import FastForwarder
    from conferencing.media.fast.packet_thread import PacketThread

    if not isinstance(forwarder, FastForwarder):
        raise TypeError("a forwarder of another kind")
    with PacketThread(forwarder, port.endpoints, worker.dispatcher, counters, epoch):
        yield


async def _every(seconds: float, action: Callable[[], None], counters: Counters) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            action()
        except Exception:
            counters.drop("internal_error")
            logger.exception("x timer")
