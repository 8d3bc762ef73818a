"""The supervisor with real processes: restart, stop, start, and nobody left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.failure import UserError
from hub.supervisor import Program, Supervisor, control
from hub.supervisor.program import FIRST_RESTART_SECONDS, MAX_RESTART_SECONDS, RestartPolicy, State

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)

DRAINED = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGUSR1, lambda *_: print('drained', flush=True)); "
    "print('up', flush=True); [time.sleep(1) for _ in range(600)]",
)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


def log_says(logs: Path, name: str, word: str) -> bool:
    file = logs / f"{name}.log"
    return file.exists() and word in file.read_text()


def test_restarts_wait_longer_each_time_until_a_run_was_stable() -> None:
    policy = RestartPolicy()
    delays = [policy.after_exit(ran_seconds=0.1) for _ in range(9)]
    assert delays[:3] == [FIRST_RESTART_SECONDS, 1.0, 2.0]
    assert delays[-1] == MAX_RESTART_SECONDS
    assert policy.after_exit(ran_seconds=60.0) == FIRST_RESTART_SECONDS


async def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    async with Supervisor([Program("sleeper", SLEEPER)], tmp_path) as supervisor:
        await until(lambda: log_says(tmp_path, "sleeper", "up"))
        first = supervisor.statuses()[0]
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: supervisor.statuses()[0].restarts == 1)
        second = supervisor.statuses()[0]
        assert second.pid not in (None, first.pid)


async def test_a_stopped_program_stays_stopped_until_it_is_started(tmp_path: Path) -> None:
    async with Supervisor([Program("sleeper", SLEEPER)], tmp_path) as supervisor:
        await until(lambda: log_says(tmp_path, "sleeper", "up"))
        await supervisor.stop("sleeper")
        assert supervisor.statuses()[0].state is State.STOPPED
        assert supervisor.statuses()[0].pid is None
        supervisor.start("sleeper")
        await until(lambda: supervisor.statuses()[0].state is State.RUNNING)


async def test_only_what_knows_to_hand_its_work_on_is_drained(tmp_path: Path) -> None:
    programs = [Program("media-0", DRAINED, drains=True), Program("sleeper", SLEEPER)]
    socket = tmp_path / "supervisor.sock"
    async with Supervisor(programs, tmp_path) as supervisor, control.serve(supervisor, socket):
        await until(lambda: log_says(tmp_path, "media-0", "up") and log_says(tmp_path, "sleeper", "up"))
        await asyncio.to_thread(control.ask, socket, "drain", "media-0")
        await until(lambda: log_says(tmp_path, "media-0", "drained"))
        for name in ("sleeper", "media-9"):
            with pytest.raises(UserError):
                await asyncio.to_thread(control.ask, socket, "drain", name)
        assert all(one.state is State.RUNNING and one.restarts == 0 for one in supervisor.statuses())


async def test_the_last_words_of_a_failing_program_are_told(tmp_path: Path) -> None:
    failing = Program("failing", (sys.executable, "-c", "import sys; sys.exit('the disk is on fire')"))
    async with Supervisor([failing], tmp_path) as supervisor:
        await until(lambda: supervisor.statuses()[0].detail == "the disk is on fire")


async def test_a_program_that_is_not_there_does_not_stop_the_others(tmp_path: Path) -> None:
    programs = [Program("missing", ("/nonexistent/program",)), Program("sleeper", SLEEPER)]
    async with Supervisor(programs, tmp_path) as supervisor:
        await until(lambda: "cannot be started" in supervisor.statuses()[0].detail)
        await until(lambda: supervisor.statuses()[1].state is State.RUNNING)


async def test_the_end_leaves_no_process_even_one_that_ignores_sigterm(tmp_path: Path) -> None:
    programs = [Program("sleeper", SLEEPER), Program("deaf", DEAF, stop_seconds=0.3)]
    async with Supervisor(programs, tmp_path) as supervisor:
        await until(lambda: log_says(tmp_path, "deaf", "deaf") and log_says(tmp_path, "sleeper", "up"))
        pids = [status.pid for status in supervisor.statuses()]
    assert [alive(pid) for pid in pids if pid is not None] == [False, False]


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, pathlib, sys\n"
        "from hub.supervisor import Program, Supervisor\n"
        "async def main():\n"
        f"    programs, logs = [Program('child', {SLEEPER!r})], pathlib.Path({str(tmp_path)!r})\n"
        "    async with Supervisor(programs, logs) as supervisor:\n"
        "        while supervisor.statuses()[0].pid is None: await asyncio.sleep(0.01)\n"
        "        print(supervisor.statuses()[0].pid, flush=True)\n"
        "        await supervisor.wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    # The kernel's signal to the child races with this line.
    for _ in range(200):
        if not _runs(child):
            return
        os.sched_yield()
        subprocess.run(["sleep", "0.02"], check=True)
    raise AssertionError(f"{child} outlived its supervisor")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_the_control_socket_answers_and_survives_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    async with Supervisor([Program("sleeper", SLEEPER)], tmp_path) as supervisor, control.serve(supervisor, path):
        for rubbish in (b"\n", b"[1]\n", b"{}\n", b"\xff\xfe\n", b"x" * 10_000 + b"\n"):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(rubbish)
            await reader.read()
            writer.close()
        await until(lambda: supervisor.statuses()[0].state is State.RUNNING)
        (status,) = await asyncio.to_thread(control.ask, path, "status")
        assert (status.name, status.state) == ("sleeper", State.RUNNING)
        (status,) = await asyncio.to_thread(control.ask, path, "stop", "sleeper")
        assert status.state is State.STOPPED
        with pytest.raises(UserError, match="no program is called 'hbu'; there are: sleeper"):
            await asyncio.to_thread(control.ask, path, "stop", "hbu")


def test_without_a_supervisor_the_command_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not running here .* start it with: make up"):
        control.ask(tmp_path / "none.sock", "status")
