"""A meeting over an emulated line: the hub on this machine, one bridge point's browser behind the line."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Browser, async_playwright

from tests.conferencing.processes import HubProcess, hub_process, media_worker
from tests.conferencing.test_browser_call import ARGUMENTS, CHROMIUM, Hall
from tests.lines.line import EmulatedLine, emulated_line
from tests.lines.namespaces import Namespace, namespace

T = TypeVar("T")
SUBNET = 100 + os.getpid() % 100
HUB, NODE = f"10.178.{SUBNET}.1", f"10.178.{SUBNET}.2"
DEVICE = f"line{os.getpid()}"

STREAMS = """async () => {
  const media = thongsuot.call.media, slots = {};
  const byMid = new Map([...media.transceivers].map(([name, one]) => [one.mid, name]));
  for (const one of (await media.connection.getStats()).values()) {
    if (one.type === "inbound-rtp") slots[byMid.get(one.mid)] = one;
    if (one.type === "outbound-rtp" && one.rid) slots[`sent ${one.rid}`] = one;
  }
  return slots;
}"""


class ThisMachine(Namespace):
    """The namespace that the test itself runs in, as one end of a line."""

    def __init__(self) -> None:
        super().__init__("this machine")

    def ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True)

    def call(self, function: Callable[[], T]) -> T:
        return function()


@dataclass
class LineBench:
    """`near` is a browser beside the hub, `far` one behind the line."""

    line: EmulatedLine
    hub: HubProcess
    near: Browser
    far: Browser


@asynccontextmanager
async def line_bench(folder: Path) -> AsyncIterator[LineBench]:
    """Raises CannotEmulateError."""
    async with AsyncExitStack() as stack:
        node = stack.enter_context(namespace("far"))
        line = stack.enter_context(emulated_line(node, ThisMachine(), NODE, HUB, device=DEVICE, nat_addresses=()))
        node.ip("route", "add", "default", "via", HUB)
        wrapper = folder / "chromium"
        wrapper.write_text(f'#!/bin/sh\nexec nsenter --net={node.path} {CHROMIUM} "$@"\n')
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        _worker, path = await stack.enter_async_context(media_worker(folder, listen=(f"{HUB}:0",)))
        hub = await stack.enter_async_context(hub_process(folder, [path], HUB))
        playwright = await stack.enter_async_context(async_playwright())
        arguments = [*ARGUMENTS, f"--unsafely-treat-insecure-origin-as-secure={hub.address}"]
        near = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        far = await playwright.chromium.launch(executable_path=wrapper, args=arguments)
        yield LineBench(line, hub, near, far)
        await near.close()
        await far.close()


async def streams(hall: Hall) -> dict[str, Any]:
    """getStats by slot, and by rid of what is sent."""
    found: dict[str, Any] = await hall.page.evaluate(STREAMS)
    return found


@dataclass(frozen=True)
class Watched:
    """What came of one slot of sound and the stage in between two looks."""

    frames: int
    freezes: float
    concealed: float
    height: int
    keyframe_requests: int


async def watch(hall: Hall, seconds: float) -> Watched:
    before = await streams(hall)
    await asyncio.sleep(seconds)
    after = await streams(hall)

    def more(slot: str, name: str) -> float:
        return float(after.get(slot, {}).get(name, 0) - before.get(slot, {}).get(name, 0))

    return Watched(
        int(more("stage", "framesDecoded")),
        more("stage", "totalFreezesDuration"),
        more("voice0", "concealedSamples") / max(1.0, more("voice0", "totalSamplesReceived")),
        int(after.get("stage", {}).get("frameHeight", 0)),
        int(more("stage", "pliCount")),
    )
