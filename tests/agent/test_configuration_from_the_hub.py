"""What the hub wants of the node: asked for by ETag, kept on disk, applied without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.configuration import Cached, RefusedError, fetch, load, store
from agent.hub_client import HubConnection, HubUnreachableError, parse_address
from agent.lines import Lines
from agent.samples import SampleSet
from agent.wire.configuration import ConfigurationError, LineConfiguration, StampTarget
from tests.agent.hub import KEY, Hub, free_port, serving
from tests.agent.test_running_agent import configuration


def test_it_is_fetched_once_and_then_asked_for_by_etag(tmp_path: Path) -> None:
    with serving(Hub(configuration=configuration(("l1", 862)))) as hub:
        connection = HubConnection(parse_address(hub.url), None)
        first = fetch(connection, KEY, Cached())
        assert fetch(connection, KEY, first) is first
        hub.configuration = configuration(("l1", 863))
        second = fetch(connection, KEY, first)
        connection.close()
    assert first.configuration is not None
    assert second.configuration is not None
    assert second.configuration.lines[0].stamp.port == 863
    assert hub.configuration_requests == [None, first.etag, first.etag]
    store(tmp_path / "configuration.json", second)
    assert load(tmp_path / "configuration.json") == second
    assert (tmp_path / "configuration.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"etag": "x"}', b'{"etag": 1, "configuration": {}}', b"\xff"]
)
def test_a_damaged_one_on_disk_is_asked_for_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "configuration.json"
    path.write_bytes(content)
    assert load(path) == Cached()


def test_a_refused_key_a_bad_document_and_an_absent_hub_are_told_apart() -> None:
    with serving(Hub(configuration={"node": 5})) as hub:
        connection = HubConnection(parse_address(hub.url), None)
        with pytest.raises(ConfigurationError, match=r"^configuration\.node is missing or not text$"):
            fetch(connection, KEY, Cached())
        with pytest.raises(RefusedError):
            fetch(connection, "another key", Cached())
        connection.close()
    connection = HubConnection(parse_address(f"http://127.0.0.1:{free_port()}"), None)
    with pytest.raises(HubUnreachableError):
        fetch(connection, KEY, Cached())


class Started:
    """Takes the parts that would run, and runs none of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.ended: list[str] = []

    def __call__(self, name: str, _part: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.ended.append(name)

        self.names.append(name)
        return asyncio.create_task(wait(), name=name)


def line(name: str, port: int = 862) -> LineConfiguration:
    return LineConfiguration(name, StampTarget("", port, 1, "00" * 32))


async def test_lines_begin_and_end_as_they_are_assigned() -> None:
    stored: dict[str, str] = {"awaiting l1": "[[1000, 3, 7]]"}
    shown: list[tuple[str, bool]] = []

    async def put(_sets: list[SampleSet], facts: dict[str, str]) -> None:
        stored.update(facts)

    async def fact(name: str) -> str | None:
        return stored.get(name)

    started = Started()
    lines = Lines("127.0.0.1", put, fact, lambda name, sets: shown.append((name, sets is None)))
    await lines.apply([line("l1"), line("l2")], started)
    await asyncio.sleep(0)
    await lines.apply([line("l1"), line("l2")], started)
    assert started.names == ["line l1", "line l2"]
    await lines.apply([line("l1"), line("l2", 863)], started)
    await asyncio.sleep(0)
    assert started.names == ["line l1", "line l2", "line l2"]
    assert started.ended == ["line l2"]
    contracted = replace(line("l1"), download_mbits=100.0)
    await lines.apply([contracted, line("l2", 863)], started)
    assert started.ended == ["line l2"], "another contract is no reason to measure anew"
    await lines.apply([], started)
    assert started.ended == ["line l2", "line l1", "line l2"]
    assert ("l1", True) in shown
    assert stored["awaiting l1"] == "[[1000, 3, 7]]", "what was open is still open for the next process"


async def test_windows_wait_for_a_disk_that_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.lines.DISK_RETRY_SECONDS", 0.0)
    tries = []

    async def put(_sets: list[SampleSet], _facts: dict[str, str]) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("disk full")

    async def fact(_name: str) -> str | None:
        return None

    started = Started()
    lines = Lines("127.0.0.1", put, fact, lambda _name, _sets: None)
    await lines.apply([line("l1")], started)
    lines.cancel()
    await lines.finish()
    assert len(tries) == 3
