"""The emulator keeps to what it was told, and its log to what it did."""

from __future__ import annotations

import subprocess
from random import Random
from typing import Any

import pytest

from tests.lines.bench import HUB, Bench
from tests.lines.impairment import Fate, Impairment
from tests.lines.namespaces import CannotEmulateError, namespace
from tests.lines.packets import ICMP, UDP, Napt, _sum, look
from tests.lines.spec import Bursts, Direction, LineSpec, parse_spec
from tests.lines.truth import echo_stories

Offer = tuple[Fate, tuple[float, ...]]


def passed(direction: Direction, packets: int = 20_000, interval: float = 0.001, size: int = 100) -> list[Offer]:
    one = Impairment(direction, Random(1))
    return [one.offer(size, index * interval) for index in range(packets)]


def share(found: list[Offer], fate: Fate) -> float:
    return sum(one[0] is fate for one in found) / len(found)


def test_random_loss_is_as_asked() -> None:
    assert abs(share(passed(Direction(loss=0.05)), Fate.LOST) - 0.05) < 0.005


def test_bursts_have_the_loss_and_the_length_asked() -> None:
    found = passed(Direction(bursts=Bursts(0.01, 0.25)), 100_000)
    lost = [one[0] is Fate.BURST for one in found]
    runs = sum(now and not before for before, now in zip([False, *lost], lost, strict=False))
    assert abs(sum(lost) / len(lost) - 0.01 / 0.26) < 0.005
    assert abs(sum(lost) / runs - 4) < 0.3


def test_order_is_kept_under_jitter_and_broken_by_reordering() -> None:
    def times(direction: Direction) -> list[float]:
        return [copies[0] for _fate, copies in passed(direction)]

    orderly = times(Direction(delay=0.02, jitter=0.02))
    assert orderly == sorted(orderly)
    broken = times(Direction(delay=0.02, reorder=0.1))
    assert broken != sorted(broken)


def test_a_rate_makes_a_queue_wait_and_a_full_queue_drop() -> None:
    one = Impairment(Direction(rate=1_000_000, queue_bytes=12_500), Random(1))
    found = [one.offer(1250, 0.0) for _ in range(12)]
    assert [fate for fate, _ in found] == [Fate.PASSED] * 10 + [Fate.QUEUE] * 2
    assert [round(copies[0], 6) for _, copies in found[:10]] == [round(0.01 * (n + 1), 6) for n in range(10)]


@pytest.mark.parametrize(
    ("change", "needs"), [(("os.geteuid", lambda: 1000), "need root"), (("sys.platform", "win32"), "need Linux")]
)
def test_a_machine_that_cannot_emulate_lines_says_what_it_needs(
    change: tuple[str, Any], needs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*change)
    with pytest.raises(CannotEmulateError, match=needs), namespace("node"):
        raise AssertionError("there is none")


def test_a_spec_travels() -> None:
    spec = LineSpec(Direction(0.1, bursts=Bursts(0.1, 0.5)), Direction(rate=1e6), nat=True, seed=9)
    assert parse_spec(spec.to_json()) == spec


def test_a_napt_hides_the_source_and_finds_it_again() -> None:
    header = bytes.fromhex("450000240000400040110000") + bytes([10, 9, 0, 2, 10, 9, 0, 1])
    out = header + (4000).to_bytes(2, "big") + (8620).to_bytes(2, "big") + bytes.fromhex("00100000") + b"x" * 8
    napt = Napt(["198.18.0.1", "198.18.0.2"])
    hidden = look(changed := napt.outward(out))
    assert hidden is not None
    assert (hidden.source, hidden.destination_port) == ("198.18.0.1", 8620)
    assert _sum(changed[:20]) == 0
    back = bytearray(changed)
    back[12:20], back[20:24] = changed[16:20] + changed[12:16], changed[22:24] + changed[20:22]
    inside = napt.inward(bytes(back))
    assert inside is not None
    found = look(inside)
    assert found is not None
    assert (found.destination, found.destination_port) == ("10.9.0.2", 4000)
    napt.rebind(address=True)
    assert napt.inward(bytes(back)) is None
    again = look(napt.outward(out))
    assert again is not None
    assert again.source == "198.18.0.2"
    assert again.source_port != hidden.source_port


def test_a_real_ping_sees_the_delay_that_the_log_tells(bench: Bench) -> None:
    bench.line.set(LineSpec().both(delay=0.03))
    said = subprocess.run(
        bench.node.wrap(["ping", "-n", "-c", "5", "-i", "0.1", "-W", "3", HUB]), capture_output=True, text=True
    )
    stories = echo_stories(bench.line.log(), HUB)
    assert [story.fate for story in stories] == ["answered"] * 5, said.stdout
    assert all(0.06 <= (story.seconds or 0) < 1 for story in stories)
    assert {one.protocol for one in bench.line.log()} <= {ICMP, UDP}


def test_a_cut_direction_is_told_apart(bench: Bench) -> None:
    for up, down, fate in ((True, False, "up"), (False, True, "down")):
        bench.line.cut(up, down)
        subprocess.run(bench.node.wrap(["ping", "-n", "-c", "1", "-W", "1", HUB]), capture_output=True)
        assert echo_stories(bench.line.log(), HUB)[-1].fate == fate


def test_tcp_works_over_a_line(bench: Bench) -> None:
    bench.line.set(LineSpec(nat=True).both(delay=0.005, loss=0.02))
    serve = "import socket; s = socket.create_server(('0.0.0.0', 9000)); print(flush=True); c, _ = s.accept(); print(len(c.makefile('rb').read()))"  # noqa: E501
    ask = f"import socket; s = socket.create_connection(('{HUB}', 9000), 5); s.sendall(bytes(300_000)); s.close()"
    with subprocess.Popen(bench.hub.wrap(["python3", "-c", serve]), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()
        subprocess.run(bench.node.wrap(["python3", "-c", ask]), check=True, timeout=20)
        assert server.stdout.read().strip() == "300000"
