"""A port taken, a folder that cannot be written: one line saying what, where and what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hub.failure import UserError
from hub.paths import MAX_RUN_PATH_BYTES, paths
from hub.ports import Port, require_free


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_port_is_named_with_its_key(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        number = holder.getsockname()[1]
        with pytest.raises(
            UserError, match=rf"hub\.port: cổng .* (TCP|UDP) port {number} on 127\.0\.0\.1 is taken by another"
        ):
            require_free([Port("hub.port", kind, "127.0.0.1", number)])
    require_free([Port("hub.port", kind, "127.0.0.1", number)])


def test_a_foreign_address_is_said_to_be_foreign() -> None:
    with pytest.raises(UserError, match="on an address that this machine does not have"):
        require_free([Port("hub.port", socket.SOCK_STREAM, "203.0.113.1", 8080)])


def test_a_data_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"data folder cannot be written .* --data FOLDER"):
        paths(tmp_path / "file" / "data").create()


def test_sockets_find_room_even_below_a_deep_folder(tmp_path: Path) -> None:
    deep = paths(tmp_path / ("d" * 100))
    deep.create()
    assert len(str(deep.run)) <= MAX_RUN_PATH_BYTES
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(deep.worker_socket("media-63")))
    deep.worker_socket("media-63").unlink()


def test_the_command_line_ends_with_status_2_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("[hub]\nprot = 1")
    done = subprocess.run(
        [sys.executable, "-m", "hub", "up", "--data", str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == f"thongsuot: {tmp_path}/hub.toml: unknown key hub.prot; did you mean port?\n"
