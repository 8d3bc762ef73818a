"""Browsers in a network of their own: no UDP gets out (TURN over TCP by a real coturn), or its address changes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.conferencing.processes import HubProcess, free_port, hub_process, media_worker, wait_for
from tests.conferencing.test_browser_call import ARGUMENTS, CHROMIUM, hall, meeting
from tests.lines.namespaces import Namespace, namespace

SECRET = "a secret that coturn shares with the hub"
SUBNET = 100 + os.getpid() % 100
HOST, FIRST, SECOND = (f"10.177.{SUBNET}.{last}" for last in (1, 2, 3))


@contextmanager
def office() -> Iterator[Namespace]:
    """A network namespace behind one cable; the hub's end of it has HOST."""
    with namespace("office") as one:
        ours = f"ts{os.getpid() % 100000}"
        pair = ["ip", "link", "add", ours, "type", "veth", "peer", "name", "eth0", "netns", one.name]
        subprocess.run(pair, check=True)
        try:
            subprocess.run(["ip", "address", "add", f"{HOST}/24", "dev", ours], check=True)
            subprocess.run(["ip", "link", "set", ours, "up"], check=True)
            one.ip("address", "add", f"{FIRST}/24", "dev", "eth0")
            one.ip("link", "set", "eth0", "up")
            one.ip("route", "add", "default", "via", HOST)
            yield one
        finally:
            subprocess.run(["ip", "link", "delete", ours], check=False)


@asynccontextmanager
async def coturn(folder: Path) -> AsyncIterator[int]:
    port = free_port()
    arguments = [
        *("turnserver", "-n", f"--listening-ip={HOST}", f"--relay-ip={HOST}", f"--listening-port={port}"),
        *("--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=thongsuot", "--no-cli", "--no-tls"),
        *(
            "--fingerprint",
            "--no-multicast-peers",
            "--no-dtls",
            f"--pidfile={folder / 'turn.pid'}",
            "--log-file=stdout",
        ),
        *(f"--userdb={folder / 'turn.db'}", "--min-port=49160", "--max-port=49260"),
    ]
    with (folder / "turn.log").open("wb") as log:
        child = subprocess.Popen(arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        await wait_for(lambda: _listens(port), "coturn")
        yield port
    finally:
        child.terminate()
        child.wait(10)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Namespace, HubProcess, Browser]]:
    if os.geteuid() != 0 or shutil.which("turnserver") is None or shutil.which("nft") is None:
        pytest.skip("needs root for a network namespace, and the packages coturn and nftables")
    folder = tmp_path_factory.mktemp("networks")
    with office() as network:
        wrapper = folder / "chromium"
        wrapper.write_text(f'#!/bin/sh\nexec nsenter --net={network.path} {CHROMIUM} "$@"\n')
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        async with coturn(folder) as turn_port, media_worker(folder, listen=(f"{HOST}:0",)) as (_worker, path):
            turn = ["--turn-url", f"turn:{HOST}:{turn_port}?transport=udp", "--turn-secret", SECRET]
            turn += ["--turn-url", f"turn:{HOST}:{turn_port}?transport=tcp"]
            async with hub_process(folder, [path], HOST, turn) as hub, async_playwright() as playwright:
                secure = f"--unsafely-treat-insecure-origin-as-secure={hub.address}"
                browser = await playwright.chromium.launch(executable_path=wrapper, args=[*ARGUMENTS, secure])
                yield network, hub, browser
                await browser.close()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False


pytestmark = [pytest.mark.e2e, pytest.mark.soak, pytest.mark.asyncio(loop_scope="module")]


def nft(network: Namespace, *words: str) -> None:
    subprocess.run(network.wrap(["nft", *words]), check=True)


def transports(hub: HubProcess) -> set[str | None]:
    return {one for room in hub.request("/snapshot")[1]["transports"] for one in room}


async def test_an_office_without_udp_meets_by_the_relay_over_tcp(
    place: tuple[Namespace, HubProcess, Browser],
) -> None:
    network, hub, browser = place
    nft(network, "add table inet office")
    nft(network, "add chain inet office out { type filter hook output priority 0; }")
    nft(network, "add rule inet office out meta l4proto udp counter drop")
    try:
        url = meeting(hub)
        async with hall(browser, url) as a, hall(browser, url) as b:
            await a.enter("A")
            await b.enter("B")
            for one in (a, b):
                await one.more(frames=30, sound=50)
            await wait_for(lambda: transports(hub) == {"relay_tcp"}, "both say how they are connected")
    finally:
        nft(network, "delete table inet office")


async def test_one_page_may_be_told_to_use_the_relay_alone(place: tuple[Namespace, HubProcess, Browser]) -> None:
    _network, hub, browser = place
    url = meeting(hub)
    async with hall(browser, f"{url}?relay=1") as a, hall(browser, url) as b:
        await a.enter("A")
        await b.enter("B")
        await b.more(frames=20, sound=30)
        await wait_for(lambda: transports(hub) >= {"relay_udp", "udp"}, "each says how it is connected")


async def test_a_call_survives_a_change_of_the_address(place: tuple[Namespace, HubProcess, Browser]) -> None:
    network, hub, browser = place
    url = meeting(hub)
    async with hall(browser, url) as a, hall(browser, url) as b:
        await a.enter("A")
        await b.enter("B")
        await a.more(frames=20, sound=30)
        peer = await a.page.evaluate("thongsuot.call.peer")
        network.ip("address", "delete", f"{FIRST}/24", "dev", "eth0")
        network.ip("address", "add", f"{SECOND}/24", "dev", "eth0")
        network.ip("route", "replace", "default", "via", HOST)
        for one in (a, b):
            await one.more(within=30, frames=20, sound=30)
            await one.until("thongsuot.call.signaling.open && !thongsuot.call.media.restarting")
        assert await a.page.evaluate("thongsuot.call.peer") == peer
