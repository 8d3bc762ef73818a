"""`make up` at a terminal, as the README has it: all starts, Ctrl-C ends it with status 0, nothing is left."""

from __future__ import annotations

import os
import pty
import select
import shutil
import time
from pathlib import Path

import pytest

from tests.e2e.system import System, alive

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
START_SECONDS = 180.0


def test_ctrl_c_at_the_terminal_ends_make_up_with_status_0(tmp_path: Path) -> None:
    system = System(tmp_path / "data")
    make = shutil.which("make")
    assert make
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(make, [make, "--no-print-directory", "up", f"DATA={system.data}"])
    said = b""
    deadline = time.monotonic() + START_SECONDS
    interrupted = False
    children: list[int] = []
    while time.monotonic() < deadline:
        readable, _, _ = select.select([terminal], [], [], 0.2)
        try:
            said += os.read(terminal, 65536) if readable else b""
        except OSError:
            # The terminal's other end is closed: make is gone.
            break
        if not interrupted and b"Ctrl-C" in said:
            children = system.descendants()
            os.write(terminal, b"\x03")
            interrupted = True
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert interrupted, said.decode()
    assert os.waitstatus_to_exitcode(status) == 0, said.decode()
    assert len(children) == 9
    assert [pid for pid in children if alive(pid)] == []
