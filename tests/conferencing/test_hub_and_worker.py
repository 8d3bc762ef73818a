"""The hub's side with real workers: API, signaling, a hub that restarts, a worker that dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import websockets
from websockets.asyncio.client import ClientConnection

from tests.conferencing.client import SECTIONS, Client, client
from tests.conferencing.processes import HubProcess, hub_process, media_worker, wait_for


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hub")
    async with media_worker(folder) as (_worker, path), hub_process(folder, [path]) as started:
        yield started


def create(hub: HubProcess, title: str = "Giao ban tháng 3") -> str:
    status, body = hub.request("/api/v1/meetings", {"title": title})
    assert status == 201
    assert body["url"] == f"{hub.address}/hop/{body['code']}"
    return str(body["code"])


class Page:
    """A page without a browser: signaling and a bare WebRTC client."""

    def __init__(self, socket: ClientConnection, peer: Client) -> None:
        self.socket = socket
        self.peer = peer
        self.heard: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def expect(self, kind: str, **fields: Any) -> dict[str, Any]:
        message: dict[str, Any]
        for index, message in enumerate(self.heard):
            if _fits(message, kind, fields):
                del self.heard[: index + 1]
                return message
        async with asyncio.timeout(10):
            while True:
                message = json.loads(await self.socket.recv())
                if _fits(message, kind, fields):
                    return message
                self.heard.append(message)

    async def join(self, name: str, token: str | None = None) -> dict[str, Any]:
        offer, roles = self.peer.offer()
        await self.say(type="join", name=name, offer=offer, roles=roles, microphone=True, camera=True, token=token)
        joined = await self.expect("joined")
        await self.peer.connect(joined["answer"], SECTIONS)
        return joined


def _fits(message: dict[str, Any], kind: str, fields: dict[str, Any]) -> bool:
    return message["type"] == kind and all(message.get(name) == value for name, value in fields.items())


@contextlib.asynccontextmanager
async def page(hub: HubProcess, code: str, given: Client | None = None, **options: Any) -> AsyncIterator[Page]:
    address = f"ws://127.0.0.1:{hub.port}/api/v1/meetings/{code}/signaling"
    async with contextlib.AsyncExitStack() as stack:
        peer = given if given is not None else await stack.enter_async_context(client("page"))
        socket = await stack.enter_async_context(websockets.connect(address, **options))
        yield Page(socket, peer)


async def test_the_api_creates_lists_and_closes_for_the_signed_in_alone(hub: HubProcess) -> None:
    code = create(hub)
    assert hub.request("/api/v1/meetings", {"title": "x"}, user=None)[0] == 401
    assert hub.request("/api/v1/meetings", user=None)[0] == 401
    for body in ({"title": ""}, {"title": 5}, {"title": "x" * 500}, {}):
        status, problem = hub.request("/api/v1/meetings", body)
        assert (status, problem["status"]) == (422, 422)
        assert problem["title"] == "Thiếu tên cuộc họp / The title is missing"
    assert hub.request("/api/v1/meetings", [1])[0] == 400
    assert code in [meeting["code"] for meeting in hub.request("/api/v1/meetings")[1]["meetings"]]
    # Guests need the code alone.
    found = hub.request(f"/api/v1/meetings/{code.upper()}", user=None)
    assert found == (200, {"code": code, "title": "Giao ban tháng 3", "open": True, "you": None, "site": None})
    assert hub.request("/api/v1/meetings/aaaa-bbbb-cccc", user=None)[0] == 404
    assert hub.request(f"/api/v1/meetings/{code}/close", {}, user=None)[0] == 401
    assert hub.request(f"/api/v1/meetings/{code}/close", {})[1]["open"] is False
    assert code not in [meeting["code"] for meeting in hub.request("/api/v1/meetings")[1]["meetings"]]
    async with page(hub, code) as late:
        offer, roles = late.peer.offer()
        await late.say(type="join", name="x", offer=offer, roles=roles, microphone=True, camera=True, token=None)
        assert (await late.expect("error"))["code"] == "closed"


async def test_two_join_hear_of_each_other_and_of_what_is_switched(hub: HubProcess) -> None:
    code = create(hub)
    async with page(hub, code) as a, page(hub, code) as b:
        first = await a.join("  Điểm cầu\nxã Kim Xá ")
        second = await b.join("Điểm cầu B")
        assert [one["name"] for one in second["participants"]] == ["Điểm cầu xã Kim Xá", "Điểm cầu B"]
        await b.expect("slots", stage=first["seat"])
        await a.expect("slots", stage=second["seat"], slots={"stage": second["seat"], "voice0": second["seat"]})
        await b.say(type="switch", role="microphone", enabled=False)
        changed = await a.expect("participant")
        while changed["participant"]["microphone"]:
            changed = await a.expect("participant")
        assert changed["participant"]["seat"] == second["seat"]
        await a.expect("slots", slots={"stage": second["seat"]})
        listed = next(m for m in hub.request("/api/v1/meetings")[1]["meetings"] if m["code"] == code)
        assert [(one["name"], one["site"]) for one in listed["participants"]] == [
            ("Điểm cầu xã Kim Xá", "kim-xa"),
            ("Điểm cầu B", None),
        ]
        await b.say(type="leave")
        assert (await b.expect("closed"))["reason"] == "left"
        await a.expect("participant_left", seat=second["seat"])
        hub.request(f"/api/v1/meetings/{code}/close", {})
        assert (await a.expect("closed"))["reason"] == "meeting closed"


async def test_the_pc_of_a_hall_is_its_site_whatever_name_it_asks_for(hub: HubProcess) -> None:
    code = create(hub)
    async with page(hub, code, additional_headers={"Cookie": "hall=yen-binh"}) as hall:
        joined = await hall.join("Điểm cầu xã Kim Xá")
        assert [one["name"] for one in joined["participants"]] == ["Site yen-binh"]
        listed = next(m for m in hub.request("/api/v1/meetings")[1]["meetings"] if m["code"] == code)
        assert [(one["name"], one["site"]) for one in listed["participants"]] == [("Site yen-binh", "yen-binh")]


async def test_the_token_is_the_seat_and_a_newer_page_takes_it_over(hub: HubProcess) -> None:
    code = create(hub)
    async with page(hub, code) as old, page(hub, code) as new, page(hub, code) as stranger:
        first = await old.join("A")
        second = await new.join("A, máy khác", token=first["token"])
        assert second["seat"] == first["seat"]
        assert second["peer"] != first["peer"]
        assert (await old.expect("closed"))["reason"] == "replaced"
        third = await stranger.join("B", token="a guess")
        assert third["seat"] != first["seat"]
        assert len(third["participants"]) == 2


async def test_rubbish_is_answered_counted_and_bounded(hub: HubProcess) -> None:
    code = create(hub)
    before = hub.request("/snapshot")[1]["drops"]
    async with page(hub, code) as rude:
        for text in ("", "{", "[]", '{"type":"join"}', '{"type":"nothing"}', "\x00" * 50):
            await rude.socket.send(text)
            assert (await rude.expect("error"))["code"] == "bad_message"
        await rude.socket.send(b"\x00\xff")
        assert (await rude.expect("error"))["code"] == "bad_message"
        await rude.say(type="leave")
        assert (await rude.expect("error"))["code"] == "order"
        await rude.say(type="join", name="x", offer="v=0", roles={}, microphone=True, camera=True, token=None)
        assert (await rude.expect("error"))["code"] == "bad_offer"
    async with page(hub, code) as flood:
        with pytest.raises(websockets.ConnectionClosed):
            for _ in range(300):
                await flood.say(type="ping")
            async with asyncio.timeout(5):
                while True:
                    await flood.socket.recv()
    for wrong, reason in (("aaaa-bbbb-cccc", 4404), ("nonsense", 4404)):
        async with page(hub, wrong) as nowhere:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await nowhere.socket.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == reason
    async with page(hub, code, origin="https://elsewhere.example") as foreign:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await foreign.socket.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4403
    async with page(hub, code, origin=hub.address) as own:
        await own.join("vẫn vào được")
    after = hub.request("/snapshot")[1]["drops"]
    counted = {reason: after[reason] - before.get(reason, 0) for reason in after}
    assert (counted["bad_message"], counted["too_fast"]) == (7, 1)
    assert (counted["unknown_meeting"], counted["foreign_origin"]) == (2, 1)


async def test_a_hub_that_restarts_finds_the_running_call_and_pages_resume(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path) as (_worker, path),
        hub_process(tmp_path, [path]) as hub,
        client("a") as one,
        client("b") as other,
    ):
        code = create(hub)
        async with page(hub, code, one) as a, page(hub, code, other) as b:
            first = await a.join("A")
            await b.join("B")
            await b.expect("slots", stage=first["seat"])
            hub.stop(signal.SIGKILL)
        one.send_rtp("microphone", b"no hub at all")
        await other.until(lambda: other.of("voice0"))
        hub.start()
        await hub.ready()
        async with page(hub, code, one) as a:
            await a.say(type="resume", token=first["token"], peer=first["peer"])
            resumed = await a.expect("resumed")
            presences = {p["name"]: p["presence"] for p in resumed["participants"]}
            # On a loaded machine somebody may not have been heard for some seconds, but is there.
            assert presences.keys() == {"A", "B"}
            assert set(presences.values()) <= {"connected", "silent"}
            assert set(resumed["slots"]) == {"stage", "voice0"}
            # What it could not say meanwhile is said now, and holds in the worker.
            await a.say(type="switch", role="microphone", enabled=False)
            await a.expect("participant")
            (listed,) = hub.request("/api/v1/meetings")[1]["meetings"]
            assert {p["presence"] for p in listed["participants"]} <= {"connected", "silent"}
            async with page(hub, code) as liar:
                await liar.say(type="resume", token="not a seat", peer=first["peer"])
                assert (await liar.expect("rejoin"))["reason"] == "unknown"
        one.send_rtp("camera", bytes.fromhex("9080800100") + b"x" * 20)
        await other.until(lambda: other.of("stage"))


async def test_when_a_worker_dies_its_pages_come_back_on_the_spare(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path, "media-0") as (first_worker, first_path),
        media_worker(tmp_path, "media-1") as (_spare, spare_path),
        hub_process(tmp_path, [first_path, spare_path]) as hub,
    ):
        await wait_for(lambda: hub.request("/snapshot")[1]["workers"] == [True, True], "both workers")
        code = create(hub)
        async with page(hub, code) as a, client("again") as fresh:
            joined = await a.join("A")
            port = a.peer.remote[1]
            first_worker.stop(signal.SIGKILL)
            assert (await a.expect("rejoin"))["reason"] == "worker"
            a.peer = fresh
            again = await a.join("A", token=joined["token"])
            assert again["seat"] == joined["seat"]
            assert fresh.remote[1] != port
            # A worker that is started again is connected again by itself.
            first_worker.start()
            await wait_for(lambda: hub.request("/snapshot")[1]["workers"] == [True, True], "both workers")


async def test_without_a_worker_the_page_is_told_to_wait(tmp_path: Path) -> None:
    hub = HubProcess(tmp_path, [tmp_path / "none.sock"])
    hub.start()
    try:
        await wait_for(lambda: _answers(hub), "hub")
        async with page(hub, create(hub)) as early:
            offer, roles = early.peer.offer()
            await early.say(type="join", name="x", offer=offer, roles=roles, microphone=True, camera=True, token=None)
            error = await early.expect("error")
            assert (error["code"], error["fatal"]) == ("no_worker", False)
    finally:
        assert hub.stop() in (0, -signal.SIGTERM)


def _answers(hub: HubProcess) -> bool:
    with contextlib.suppress(OSError):
        return hub.request("/snapshot")[0] == 200
    return False


async def test_the_page_and_its_files_are_served_with_etags(hub: HubProcess) -> None:
    import httpx

    async with httpx.AsyncClient(base_url=hub.address) as http:
        code = create(hub)
        shown = await http.get(f"/hop/{code}")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "<script>" not in shown.text and "style=" not in shown.text
        assert (await http.get("/hop/aaaa-bbbb-cccc")).status_code == 404
        total = 0
        for name in ("theme.css", "meeting.css", "meeting.js", "call.js", "media.js", "vendor/htm-preact.js"):
            response = await http.get(f"/hop/static/{name}")
            assert response.status_code == 200, name
            total += int(response.headers["content-length"])
            again = await http.get(f"/hop/static/{name}", headers={"If-None-Match": response.headers["etag"]})
            assert again.status_code == 304
        assert total < 100_000
        for outside in ("../composition.py", "%2e%2e/composition.py", "tsconfig.json/../../tables.py", "nothing.js"):
            assert (await http.get(f"/hop/static/{outside}")).status_code == 404
