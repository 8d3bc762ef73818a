"""Prometheus in agent mode, vmagent and any other sender of remote write, bound to a site by a token."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from agent.wire.remote_write import series
from collector import directory
from collector.directory import DirectoryError, load_view, writers
from collector.directory.writers import MAX_WRITERS_PER_SITE
from tests.collector.support import NOW, Hub, Node
from tests.collector.test_real_server import serving
from tests.ports import free_ports

Sessions = sessionmaker[Session]
AT = round(NOW * 1000)


async def writer(hub: Hub, sessions: Sessions, name: str = "vmagent") -> Node:
    with sessions.begin() as session:
        made, token = writers.issue(session, "vt", name, hub.clock.now)
    await hub.collector.refresh()
    return Node(hub.client, hub.clock, made.id, token)


async def test_its_samples_carry_its_site_and_name_and_keep_their_own_labels(hub: Hub, sessions: Sessions) -> None:
    other = await writer(hub, sessions, "  vmagent   của VNPT ")
    said = [("line", "cpu0"), ("node", "may-1"), ("site", "tt"), ("job", "node")]
    answer = await other.write([series("node_load1", said, AT, 0.5)])
    assert answer.status_code == 204
    assert hub.sink.samples() == [
        (
            "node_load1",
            {"line": "cpu0", "node": "may-1", "site": "vt", "job": "node", "writer": "vmagent của VNPT"},
            AT,
            0.5,
        )
    ]


async def test_it_may_not_speak_as_an_agent_or_as_the_hub(hub: Hub, sessions: Sessions) -> None:
    other = await writer(hub, sessions)
    spoofed = series("thongsuot_line_sent_packets", [("line", "vt-1")], AT, 100.0)
    answer = await other.write([series("node_load1", [], AT, 0.5), spoofed])
    assert answer.status_code == 400
    assert "reserved_name" in answer.text
    assert [name for name, *_ in hub.sink.samples()] == ["node_load1"]
    snapshot = hub.collector.snapshot(hub.clock.now)
    assert all(site.nodes == () for site in snapshot.sites)


@pytest.mark.parametrize("path", ["/api/v1/node/config", "/api/v1/node/events"])
async def test_its_token_opens_nothing_else(hub: Hub, sessions: Sessions, path: str) -> None:
    other = await writer(hub, sessions)
    method = "POST" if path.endswith("events") else "GET"
    answer = await hub.client.request(method, path, headers={"Authorization": f"Bearer {other.key}"})
    assert answer.status_code == 403
    assert "chỉ để gửi số liệu" in answer.json()["title"]


async def test_its_time_header_moves_nothing(hub: Hub, sessions: Sessions) -> None:
    other = await writer(hub, sessions)
    other.offset = 3600.0
    assert (await other.write([series("up", [], AT, 1.0)])).status_code == 204
    assert [at for _, _, at, _ in hub.sink.samples()] == [AT]


async def test_when_it_wrote_last_is_kept_and_a_revoked_token_is_worth_nothing(hub: Hub, sessions: Sessions) -> None:
    other = await writer(hub, sessions)
    await other.write([series("up", [], AT, 1.0)])
    await hub.collector._flush_last_seen()
    with sessions.begin() as session:
        (listed,) = writers.listed(session)
        assert (listed.id, listed.site, listed.last_write_at) == (other.node, "vt", NOW)
        assert [one.last_write_at for one in load_view(session).writers] == [NOW]
        assert writers.revoke(session, other.node, NOW)
        assert not writers.revoke(session, other.node, NOW)
    await hub.collector.refresh()
    assert (await other.write([series("up", [], AT, 1.0)])).status_code == 401


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 101])
def test_a_name_is_a_line_of_text(session: Session, name: str) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    with pytest.raises(DirectoryError):
        writers.issue(session, "vt", name, NOW)


def test_writers_of_a_site_are_bounded(session: Session) -> None:
    directory.ensure_site(session, "vt", "Vĩnh Tường")
    with pytest.raises(DirectoryError, match="no site"):
        writers.issue(session, "nowhere", "x", NOW)
    for number in range(MAX_WRITERS_PER_SITE):
        writers.issue(session, "vt", f"w{number}", NOW)
    with pytest.raises(DirectoryError, match=f"{MAX_WRITERS_PER_SITE} writers already"):
        writers.issue(session, "vt", "one more", NOW)


@contextlib.contextmanager
def running(*command: str | Path) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def arrives(hub: Hub, name: str) -> dict[str, str]:
    """The labels of the first sample of that name."""
    async with asyncio.timeout(60):
        while True:
            for one, labels, *_ in hub.sink.samples():
                if one == name:
                    return labels
            hub.clock.now = time.time()
            await asyncio.sleep(0.1)


def commands(web: int, url: str, token: str, folder: Path) -> dict[str, tuple[str, ...]]:
    """Each scrapes itself every second and writes that to `url`."""
    scraping = f"""
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: itself, static_configs: [{{targets: ["127.0.0.1:{web}"]}}]}}]
"""
    (folder / "scrape.yml").write_text(scraping)
    (folder / "prometheus.yml").write_text(
        f"{scraping}remote_write: [{{url: {url}, authorization: {{credentials: {token}}}}}]\n"
    )
    return {
        "prometheus": (
            "--enable-feature=agent",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.agent.path={folder}/agent",
            f"--web.listen-address=127.0.0.1:{web}",
        ),
        "vmagent": (
            f"-promscrape.config={folder}/scrape.yml",
            f"-remoteWrite.url={url}",
            f"-remoteWrite.bearerToken={token}",
            f"-remoteWrite.tmpDataPath={folder}/queue",
            f"-httpListenAddr=127.0.0.1:{web}",
            "-memory.allowedBytes=64MB",
        ),
    }


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["prometheus", "vmagent"])
async def test_a_real_sender_writes_to_the_hub(hub: Hub, sessions: Sessions, tmp_path: Path, name: str) -> None:
    program = shutil.which(name)
    assert program, f"{name} is not installed"
    other = await writer(hub, sessions, name)
    hub.clock.now = time.time()
    (web,) = free_ports(1)
    async with serving(hub) as port:
        arguments = commands(web, f"http://127.0.0.1:{port}/api/v1/write", other.key, tmp_path)[name]
        with running(program, *arguments):
            labels = await arrives(hub, "up")
    assert labels == {"instance": f"127.0.0.1:{web}", "job": "itself", "site": "vt", "writer": name}
    assert hub.collector.snapshot(hub.clock.now).ingest.requests.keys() == {204}
