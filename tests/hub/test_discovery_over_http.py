"""HTTP service discovery as Prometheus reads it, with a user's token and as far as that user's charge reaches."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from collector import accounts, directory
from collector.accounts import api_tokens
from collector.tables import Device
from tests.hub.hub_app import SECOND, HubApp

PATH = "/api/v1/sd"
PROMTOOL_SECONDS = 4


@pytest.fixture
async def filled(hub: HubApp) -> HubApp:
    """Two units with a site and a router each; the technician Lan is in charge of one."""
    with hub.sessions.begin() as session:
        area = directory.add_unit(session, "248", "Vĩnh Tường", "huyen")
        for number, (code, name) in enumerate((("kx", "Kim Xá"), ("yb", "Yên Bình"))):
            unit = directory.add_unit(session, f"0865{number}", f"Xã {name}", "xa", parent=area)
            site = directory.ensure_site(session, code, f"UBND xã {name}")
            site.unit_id = unit.id
            session.add(
                Device(
                    code=f"router-{code}", site_id=site.id, name="Router", kind="router", address=f"10.20.{number}.1",
                    mac="", serial="", firmware="", owner="", place="", search="",
                )
            )  # fmt: skip
            if code == "kx":
                charge = unit.id
    hub.add("lan", SECOND, "technician", charge)
    hub.add("minh", SECOND, "technician")
    hub.add("hoa", SECOND, "leader")
    await hub.refresh()
    return hub


def token(hub: HubApp, name: str, scope: str) -> str:
    with hub.sessions.begin() as session:
        user = accounts.find(session, name)
        assert user is not None
        return api_tokens.issue(session, user.id, "sd", [scope], 30, hub.clock())[0]


async def targets(hub: HubApp, kind: str, name: str, scope: str) -> list[str]:
    answer = await hub.client(token=token(hub, name, scope)).get(f"{PATH}/{kind}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return [target for group in answer.json() for target in group["targets"]]


@pytest.mark.parametrize("scope", ["metrics", "read"])
async def test_a_technician_finds_what_stands_in_his_charge(filled: HubApp, scope: str) -> None:
    assert await targets(filled, "devices", "minh", scope) == ["10.20.0.1", "10.20.1.1"]
    assert await targets(filled, "devices", "lan", scope) == ["10.20.0.1"]
    assert await targets(filled, "blackbox", "lan", scope) == ["10.20.0.1"]
    assert await targets(filled, "nodes", "lan", scope) == []


@pytest.mark.parametrize(("name", "scope"), [("minh", "wall"), ("hoa", "read")])
async def test_whoever_may_not_gets_no_addresses(filled: HubApp, name: str, scope: str) -> None:
    answer = await filled.client(token=token(filled, name, scope)).get(f"{PATH}/devices")
    assert (answer.status_code, answer.json()["reason"]) == (403, "rights")


@pytest.mark.parametrize("port", ["0", "65536", "x"])
async def test_a_port_that_is_none_is_refused(filled: HubApp, port: str) -> None:
    answer = await filled.client(token=token(filled, "minh", "read")).get(f"{PATH}/nodes", params={"port": port})
    assert answer.status_code == 422


async def test_prometheus_itself_reads_it(filled: HubApp, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token(filled, "minh", "metrics"))
    async with serving(filled) as url:
        job = {
            "job_name": "snmp",
            "http_sd_configs": [
                {
                    "url": f"{url}{PATH}/devices?port=161",
                    "authorization": {"type": "Bearer", "credentials_file": str(tmp_path / "token")},
                }
            ],
        }
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": [job]}))
        found = await discovered(tmp_path / "prometheus.yml", "snmp")
    common = {"area": "Vĩnh Tường", "kind": "router", "job": "snmp"}
    assert sorted(found, key=lambda labels: labels["site"]) == [
        {**common, "instance": "10.20.0.1:161", "site": "kx", "unit": "Xã Kim Xá", "device": "router-kx"},
        {**common, "instance": "10.20.1.1:161", "site": "yb", "unit": "Xã Yên Bình", "device": "router-yb"},
    ]


async def discovered(configuration: Path, job: str) -> list[dict[str, Any]]:
    """Labels of each target as Prometheus would keep them, by its own code."""
    command = ["promtool", "check", "service-discovery", f"--timeout={PROMTOOL_SECONDS}s", str(configuration), job]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    return [
        {name: value for name, value in one["labels"].items() if not name.startswith("__")} for one in json.loads(out)
    ]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Signals are the tests' own.
        yield


@contextlib.asynccontextmanager
async def serving(hub: HubApp) -> AsyncIterator[str]:
    server = _Server(uvicorn.Config(hub.app, port=0, log_config=None, lifespan="off", access_log=False))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
