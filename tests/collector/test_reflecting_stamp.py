from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire import stamp
from agent.wire.stamp import ReflectorPacket, SenderPacket
from collector.reflector.core import Reflector
from collector.reflector.keys import SessionsFile, SessionsFileError, parse_sessions
from collector.reflector.udp import parse_listen

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
SSID = 7
A, B = ("192.0.2.1", 40000), ("192.0.2.1", 40001)
T = 1_790_000_000.0


def packet(sequence_number: int = 0, ssid: int = SSID, key: bytes = KEY) -> bytes:
    return stamp.encode_sender(SenderPacket(sequence_number, T, ssid), key)


def reflector(**options: float) -> Reflector:
    return Reflector({SSID: KEY, 8: OTHER_KEY}, **options)  # type: ignore[arg-type]


def answer(one: Reflector, content: bytes, address: tuple[str, int] = A, now: float = T) -> ReflectorPacket:
    reply = one.handle(content, address, now - 0.001, now, ttl=61)
    assert reply is not None
    assert len(reply) == len(content)
    return stamp.decode_reflector(reply, KEY)


def test_an_answer_says_what_was_asked_and_when_it_came() -> None:
    reply = answer(reflector(started_at=1_789_999_999), packet(41))
    assert (reply.sequence_number, reply.sender_sequence_number, reply.ssid) == (0, 41, SSID)
    assert reply.receive_timestamp == pytest.approx(T - 0.001, abs=1e-6)
    assert reply.timestamp == pytest.approx(T)
    assert reply.sender_timestamp == pytest.approx(T)
    assert (reply.sender_ttl, reply.reflector_start) == (61, 1_789_999_999)


def test_each_session_counts_for_itself_from_zero() -> None:
    one = reflector()
    assert [answer(one, packet(n)).sequence_number for n in (0, 1, 5)] == [0, 1, 2]
    assert answer(one, packet(6), B).sequence_number == 0
    assert answer(one, packet(7)).sequence_number == 3


def test_a_copy_made_on_the_way_is_not_counted_as_an_arrival() -> None:
    one = reflector()
    numbers = [answer(one, packet(n)).sequence_number for n in (0, 1, 1, 2, 0)]
    assert numbers == [0, 1, 1, 2, 0]
    assert one.counters["duplicate"] == 2


def test_a_replay_from_elsewhere_leaves_the_session_alone() -> None:
    one = reflector()
    captured = packet(0)
    answer(one, captured)
    answer(one, captured, ("203.0.113.9", 1))
    assert answer(one, packet(1)).sequence_number == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "wrong_length"),
        (packet()[:-1], "wrong_length"),
        (packet() + b"\0", "wrong_length"),
        (packet(ssid=9), "unknown_ssid"),
        (packet(key=OTHER_KEY), "wrong_hmac"),
        (packet(ssid=8), "wrong_hmac"),
        (packet()[:-1] + b"\0", "wrong_hmac"),
    ],
)
def test_what_does_not_verify_is_counted_and_not_answered(content: bytes, reason: str) -> None:
    one = reflector()
    assert one.handle(content, A, T, T) is None
    assert dict(one.counters) == {"received": 1, f"dropped_{reason}": 1}
    assert one.session_count == 0


@given(st.binary(max_size=200) | st.binary(min_size=112, max_size=112))
def test_random_bytes_are_never_answered(content: bytes) -> None:
    assert reflector().handle(content, A, T, T) is None


@given(st.integers(0, 111), st.integers(1, 255))
def test_a_packet_changed_in_any_byte_is_never_answered(place: int, change: int) -> None:
    content = bytearray(packet(3))
    content[place] ^= change
    assert reflector().handle(bytes(content), A, T, T) is None


def test_a_line_has_an_allowance_that_others_cannot_use_up() -> None:
    one = reflector(packets_per_second=10)
    for _ in range(100):
        one.handle(packet(key=OTHER_KEY), A, T, T)
    replies = [one.handle(packet(n), A, T, T) for n in range(15)]
    assert sum(reply is not None for reply in replies) == 10
    assert one.counters["dropped_rate_limited"] == 5
    assert one.handle(packet(20), A, T + 1, T + 1) is not None


def test_sessions_are_bounded_and_the_idlest_goes_first() -> None:
    one = reflector(max_sessions=2)
    answer(one, packet(0), A)
    answer(one, packet(0), B)
    answer(one, packet(1), A)
    answer(one, packet(0), ("192.0.2.1", 40002))
    assert (one.session_count, one.counters["sessions_evicted"]) == (2, 1)
    assert answer(one, packet(2), A).sequence_number == 2
    assert answer(one, packet(1), B).sequence_number == 0


def test_sequence_numbers_wrap() -> None:
    one = reflector()
    answer(one, packet(0))
    next(iter(one._sessions.values())).next_sequence_number = 0xFFFF_FFFF
    assert [answer(one, packet(n)).sequence_number for n in (0xFFFF_FFFF, 1)] == [0xFFFF_FFFF, 0]


def test_a_changed_key_ends_the_session() -> None:
    one = reflector()
    answer(one, packet(0))
    one.replace_keys({SSID: KEY})
    assert answer(one, packet(1)).sequence_number == 1
    one.replace_keys({SSID: OTHER_KEY})
    assert one.handle(packet(2), A, T, T) is None
    assert one.session_count == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "there is no object `sessions`"),
        ('{"sessions": []}', "there is no object `sessions`"),
        ('{"sessions": {"x": "ab"}}', "session id 'x' is not a number from 0 to 65535"),
        ('{"sessions": {"65536": "ab"}}', "session id '65536' is not a number from 0 to 65535"),
        ('{"sessions": {"7": "zz"}}', "key of session 7 is not at least 16 bytes in hexadecimal"),
        ('{"sessions": {"7": "abab"}}', "key of session 7 is not at least 16 bytes in hexadecimal"),
        ('{"sessions": {"7": 5}}', "key of session 7 is not at least 16 bytes in hexadecimal"),
    ],
)
def test_a_broken_sessions_file_is_said(text: str, message: str) -> None:
    with pytest.raises(SessionsFileError) as error:
        parse_sessions(text)
    assert str(error.value).startswith(message)


def test_unknown_fields_of_the_sessions_file_are_ignored() -> None:
    assert parse_sessions(json.dumps({"sessions": {"7": KEY.hex()}, "later": 1})) == {7: KEY}


@given(st.text(max_size=50) | st.recursive(st.text(max_size=5) | st.integers(), st.lists).map(json.dumps))
def test_any_text_is_a_sessions_file_or_refused(text: str) -> None:
    with pytest.raises(SessionsFileError):
        parse_sessions(text)


def test_a_broken_file_keeps_the_keys_and_a_good_one_replaces_them(tmp_path: Path) -> None:
    file = SessionsFile(tmp_path / "sessions.json")
    assert file.read_if_changed() is None
    write_sessions(tmp_path, {7: KEY})
    assert file.read_if_changed() == {7: KEY}
    assert file.read_if_changed() is None
    (tmp_path / "sessions.json").write_text("{")
    assert file.read_if_changed() is None
    write_sessions(tmp_path, {8: OTHER_KEY})
    assert file.read_if_changed() == {8: OTHER_KEY}


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("0.0.0.0:8620", (socket.AF_INET, "0.0.0.0", 8620)),
        ("[::1]:0", (socket.AF_INET6, "::1", 0)),
        ("8620", None),
        ("localhost:8620", None),
        ("127.0.0.1:65536", None),
        ("127.0.0.1:", None),
    ],
)
def test_the_listen_address_is_read(text: str, listen: tuple[int, str, int] | None) -> None:
    if listen is None:
        with pytest.raises(ValueError, match="is not"):
            parse_listen(text)
    else:
        assert parse_listen(text) == listen


def write_sessions(folder: Path, keys: dict[int, bytes]) -> None:
    text = json.dumps({"sessions": {str(ssid): key.hex() for ssid, key in keys.items()}})
    (folder / "next").write_text(text)
    (folder / "next").replace(folder / "sessions.json")


@contextmanager
def running(folder: Path, listen: str = "0.0.0.0:0") -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A reflector in a process of its own; its port."""
    status = folder / "reflector.json"
    status.unlink(missing_ok=True)
    command = [sys.executable, "-m", "collector.reflector", "--listen", listen]
    command += ["--sessions", str(folder / "sessions.json"), "--status", str(status)]
    with subprocess.Popen(command) as process:
        try:
            until(status.exists)
            yield process, json.loads(status.read_text())["listen"][1]
        finally:
            process.kill()


def until(condition: object, seconds: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ask(one: socket.socket, content: bytes) -> ReflectorPacket | None:
    one.send(content)
    try:
        return stamp.decode_reflector(one.recv(2048), KEY)
    except TimeoutError:
        return None


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(5)
        yield one


def test_a_real_reflector_answers_through_garbage_and_ends_at_once(tmp_path: Path, sender: socket.socket) -> None:
    write_sessions(tmp_path, {SSID: KEY})
    with running(tmp_path) as (process, port):
        # Not the first address of the interface: the answer must come from the one that was asked.
        sender.connect(("127.0.0.2", port))
        noise = random.Random(7)
        for sequence_number in range(50):
            sender.send(noise.randbytes(noise.choice([0, 1, 111, 112, 113, 1400])))
            sent_at = time.time()
            reply = ask(sender, stamp.encode_sender(SenderPacket(sequence_number, sent_at, SSID), KEY))
            assert reply is not None
            assert (reply.sequence_number, reply.sender_sequence_number) == (sequence_number, sequence_number)
            assert sent_at - 0.01 <= reply.receive_timestamp <= reply.timestamp + 1e-6
            assert reply.sender_ttl == 64
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_a_restarted_reflector_begins_a_new_sequence_and_says_so(tmp_path: Path, sender: socket.socket) -> None:
    write_sessions(tmp_path, {SSID: KEY})
    starts = []
    port = 0
    for _ in range(2):
        with running(tmp_path, f"127.0.0.1:{port}") as (process, port):
            sender.connect(("127.0.0.1", port))
            replies = [ask(sender, packet(n)) for n in range(3)]
            assert [reply and reply.sequence_number for reply in replies] == [0, 1, 2]
            starts += [reply.reflector_start for reply in replies[:1] if reply]
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0
    assert abs(starts[0] - time.time()) < 60
    assert starts[1] >= starts[0]


def test_keys_change_while_it_runs_and_a_broken_file_changes_nothing(tmp_path: Path, sender: socket.socket) -> None:
    (tmp_path / "sessions.json").write_text("{broken")
    with running(tmp_path) as (_, port):
        sender.connect(("127.0.0.1", port))
        sender.settimeout(0.2)
        assert ask(sender, packet()) is None
        write_sessions(tmp_path, {SSID: KEY})
        until(lambda: ask(sender, packet(1)) is not None)


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-m", "collector.reflector", "--listen", listen]
        command += ["--sessions", os.devnull, "--status", str(tmp_path / "s.json")]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"cannot listen on UDP {listen}: Address already in use; free the port or choose another\n"
    )


def test_the_reflector_is_lean() -> None:
    code = "import sys, collector.reflector.process; print(*{name.split('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "fastapi", "google", "cramjam", "argon2"} & set(found)


def test_an_answer_that_left_later_says_so_and_is_otherwise_the_same() -> None:
    one = Reflector({SSID: KEY})
    asked = stamp.encode_sender(SenderPacket(0, T, SSID), KEY)
    left = one.prepare(asked, ("10.0.0.1", 5000), T + 0.01, T + 0.01)
    assert left is not None
    first, second = (stamp.decode_reflector(left.encoded(T + late), KEY) for late in (0.02, 0.03))
    assert first.timestamp == pytest.approx(T + 0.02)
    assert second.timestamp == pytest.approx(T + 0.03)
    assert replace(first, timestamp=second.timestamp) == second
    assert one.counters["answered"] == 1
