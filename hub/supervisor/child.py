"""One program kept running: an actor that alone starts, watches and ends its process."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import logging.handlers
import os
import signal
import time
from pathlib import Path

from hub.supervisor.program import Program, ProgramStatus, RestartPolicy, State

logger = logging.getLogger(__name__)

LOG_FILE_BYTES = 5 * 1024 * 1024
LOG_FILES_KEPT = 3
OUTPUT_DRAIN_SECONDS = 1.0
MAX_LINE_BYTES = 64 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Child:
    """Runs `program` until told to stop; what it prints goes to a size-bounded file in `logs`."""

    def __init__(self, program: Program, logs: Path) -> None:
        self.program = program
        self._start_asked = asyncio.Event()
        self._start_asked.set()
        self._stop_asked = asyncio.Event()
        self._state_changed = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._state = State.RESTARTING
        self._since = time.time()
        self._starts = 0
        self._last_line = ""
        self._sink = _log_file(logs / f"{program.name}.log")

    def status(self) -> ProgramStatus:
        return ProgramStatus(
            name=self.program.name,
            state=self._state,
            pid=self._process.pid if self._process is not None else None,
            since=self._since,
            restarts=max(0, self._starts - 1),
            detail=self._last_line if self._state is State.RESTARTING else "",
        )

    async def run(self) -> None:
        """Until cancelled; the process does not outlive this call."""
        policy = RestartPolicy()
        try:
            while True:
                if self._stop_asked.is_set():
                    self._enter(State.STOPPED)
                    await self._start_asked.wait()
                    policy = RestartPolicy()
                started = time.monotonic()
                await self._run_once()
                if not self._stop_asked.is_set():
                    delay = policy.after_exit(time.monotonic() - started)
                    logger.warning(
                        "- %s ended; again in %.1f s. Last words: %s", self.program.name, delay, self._last_line
                    )
                    await self._wait_for_restart(delay)
        finally:
            self._sink.close()

    def start(self) -> None:
        self._stop_asked.clear()
        self._start_asked.set()

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL after the program's time; returns when the process is gone."""
        self._start_asked.clear()
        self._stop_asked.set()
        process = self._process
        if process is not None:
            await self._end(process)
        async with asyncio.timeout(self.program.stop_seconds + 2):
            while self._state is not State.STOPPED:
                self._state_changed.clear()
                await self._state_changed.wait()

    def drain(self) -> bool:
        """Tells the program that it is to end soon (SIGUSR1); False when it does not run or knows no such thing."""
        if self._process is None or not self.program.drains:
            return False
        self._process.send_signal(signal.SIGUSR1)
        return True

    async def _run_once(self) -> None:
        # Its own session: the terminal's Ctrl-C reaches the supervisor alone, which ends all in order.
        try:
            process = await asyncio.create_subprocess_exec(
                *self.program.arguments,
                env={**os.environ, **self.program.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                limit=MAX_LINE_BYTES,
            )
        except OSError as error:
            self._last_line = f"cannot be started: {error}"
            self._starts += 1
            return
        self._process = process
        self._starts += 1
        self._enter(State.RUNNING)
        output = asyncio.create_task(self._copy_output(process), name=f"{self.program.name} output")
        try:
            await process.wait()
            # What was printed last is still in the pipe; a grandchild that holds the pipe open is not waited for.
            await asyncio.wait([output], timeout=OUTPUT_DRAIN_SECONDS)
        except asyncio.CancelledError:
            await self._end(process)
            raise
        finally:
            output.cancel()
            self._process = None

    async def _wait_for_restart(self, delay: float) -> None:
        self._enter(State.RESTARTING)
        try:
            async with asyncio.timeout(delay):
                await self._stop_asked.wait()
        except TimeoutError:
            return

    async def _copy_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                # A line over MAX_LINE_BYTES: asyncio has dropped what it held of it.
                line = b"(line too long)\n"
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._last_line = text
            self._sink.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        _signal(process, signal.SIGTERM)
        ended = asyncio.create_task(process.wait(), name=f"{self.program.name} ends")
        # Not asyncio.timeout: before Python 3.11.4 it does not become TimeoutError in a task that is being cancelled.
        await asyncio.wait([ended], timeout=self.program.stop_seconds)
        if not ended.done():
            logger.warning("- %s did not end in %.0f s: killed", self.program.name, self.program.stop_seconds)
            _signal(process, signal.SIGKILL)
        await ended

    def _enter(self, state: State) -> None:
        if state is not self._state:
            self._since = time.time()
        self._state = state
        self._state_changed.set()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # The group: a program's own children end with it.
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _log_file(path: Path) -> logging.handlers.RotatingFileHandler:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    return handler
