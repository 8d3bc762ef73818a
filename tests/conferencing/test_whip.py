"""WHIP and WHEP over a real hub and worker: statuses, headers, ICE restarts, tokens; fuzzed bodies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from conferencing.media.offer import SdpError, parse_offer
from conferencing.whip.fragment import FragmentError, ice_session, read_fragment, write_fragment
from conferencing.whip.roles import Kind, UnprocessableOfferError, roles_of
from tests.conferencing.client import Client, client
from tests.conferencing.processes import HubProcess, hub_process, media_worker, wait_for

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
SENDS = ("microphone", "camera")
WATCHES = ("voice0", "stage")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HubProcess]:
    folder = tmp_path_factory.mktemp("whip")
    turn = ["--turn-url", "turn:relay.example:3478?transport=tcp", "--turn-secret", "shared"]
    async with media_worker(folder) as (_worker, path), hub_process(folder, [path], options=turn) as started:
        yield started


def meeting(hub: HubProcess) -> str:
    return str(hub.request("/api/v1/meetings", {"title": "Hội nghị"})[1]["code"])


def token(hub: HubProcess, code: str, kind: str, name: str = "OBS") -> dict[str, Any]:
    status, body = hub.request(f"/api/v1/meetings/{code}/streams", {"kind": kind, "name": name})
    assert status == 201
    assert body["url"] == f"{hub.address}/{kind}"
    return dict(body)


def offer(peer: Client, sections: tuple[str, ...]) -> str:
    return peer.offer(sections)[0]


@contextlib.asynccontextmanager
async def web(hub: HubProcess, bearer: str = "") -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with httpx.AsyncClient(base_url=hub.address, headers=headers) as http:
        yield http


async def test_an_encoder_sends_and_a_screen_watches_on_the_port_of_the_worker(hub: HubProcess) -> None:
    code = meeting(hub)
    sending, watching = token(hub, code, "whip"), token(hub, code, "whep", "Màn hình")
    async with client("encoder") as encoder, client("screen") as screen, web(hub, sending["token"]) as whip:
        posted = await whip.post("/whip", content=offer(encoder, SENDS), headers=SDP)
        assert posted.status_code == 201
        assert posted.headers["content-type"].startswith("application/sdp")
        assert posted.headers["etag"] == f'"{ice_session(posted.text)}"'
        link = posted.headers["link"]
        assert link.startswith('<turn:relay.example:3478?transport=tcp>; rel="ice-server"; username="')
        assert 'credential-type="password"' in link
        await encoder.connect(posted.text, SENDS)
        async with web(hub, watching["token"]) as whep:
            watched = await whep.post("/whep", content=offer(screen, WATCHES), headers=SDP)
            assert watched.status_code == 201
            await screen.connect(watched.text, WATCHES)
            async with asyncio.timeout(5):
                while not screen.of("voice0"):
                    encoder.send_rtp("microphone", b"from the stage")
                    await asyncio.sleep(0.02)
            # The encoder has a seat; a screen is nobody.
            (listed,) = [one for one in hub.request("/api/v1/meetings")[1]["meetings"] if one["code"] == code]
            assert [one["name"] for one in listed["participants"]] == ["OBS"]
            streams = hub.request(f"/api/v1/meetings/{code}/streams")[1]["streams"]
            assert [(one["kind"], one["live"], one["good"]) for one in streams] == [
                ("whip", True, True),
                ("whep", True, True),
            ]
            assert (await whep.delete(watched.headers["location"])).status_code == 200
            assert (await whep.delete(watched.headers["location"])).status_code == 404
        assert (await whip.delete(posted.headers["location"])).status_code == 200
        await wait_for(
            lambda: not any(one["live"] for one in hub.request(f"/api/v1/meetings/{code}/streams")[1]["streams"]),
            "both sessions are over",
        )


async def test_each_refusal_has_the_status_that_the_specification_says(hub: HubProcess) -> None:
    code = meeting(hub)
    sending, watching = token(hub, code, "whip"), token(hub, code, "whep")
    async with client("encoder") as encoder, web(hub) as nobody, web(hub, sending["token"]) as http:
        text = offer(encoder, SENDS)
        refused = await nobody.post("/whip", content=text, headers=SDP)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="thongsuot"')
        assert refused.headers["content-type"] == "application/problem+json"
        wrong = await nobody.post("/whip", content=text, headers=SDP | {"Authorization": "Bearer tsw_guess"})
        assert (wrong.status_code, "invalid_token" in wrong.headers["www-authenticate"]) == (401, True)
        assert (await http.post("/whep", content=text, headers=SDP)).status_code == 403
        not_sdp = await http.post("/whip", content=text, headers={"Content-Type": "text/plain"})
        assert (not_sdp.status_code, not_sdp.headers["accept-post"]) == (415, "application/sdp")
        picky = await http.post("/whip", content=text, headers=SDP | {"Accept": "text/html"})
        assert picky.status_code == 406
        for bad in ("", "v=0", "rubbish", text.replace("a=ice-pwd", "a=ice")):
            assert (await http.post("/whip", content=bad, headers=SDP)).status_code == 400
        assert (await http.post("/whip", content=b"v=0\r\n\xff\xff", headers=SDP)).status_code == 400
        for odd in (offer(encoder, WATCHES), text.replace("opus", "G729").replace("VP8", "theora")):
            assert (await http.post("/whip", content=odd, headers=SDP)).status_code == 422
        assert (await http.post("/whip", content="v=0\r\n" + "x" * 70_000, headers=SDP)).status_code == 413
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert (await http.request(method, "/whip")).status_code == 405
        options = await http.options("/whip")
        assert (options.status_code, options.headers["accept-post"]) == (204, "application/sdp")
        assert (await http.delete("/whip/nosuchsession")).status_code == 404
        # The session of another's token is none of one's own.
        posted = await http.post("/whip", content=text, headers=SDP)
        async with web(hub, token(hub, code, "whip")["token"]) as other:
            assert (await other.delete(posted.headers["location"])).status_code == 404
        assert hub.request(f"/api/v1/meetings/{code}/close", {})[0] == 200
        assert (await http.post("/whip", content=text, headers=SDP)).status_code == 404
    drops = hub.request("/snapshot")[1]["drops"]
    assert drops["whip_401"] == 2
    assert drops["whip_400"] == 5
    assert watching["page"] == f"{hub.address}/xem#{watching['token']}"


async def test_candidates_trickle_and_ice_restarts_by_patch(hub: HubProcess) -> None:
    code = meeting(hub)
    async with client("encoder") as encoder, web(hub, token(hub, code, "whip")["token"]) as http:
        posted = await http.post("/whip", content=offer(encoder, SENDS), headers=SDP)
        where, tag = posted.headers["location"], posted.headers["etag"]
        await encoder.connect(posted.text, SENDS)
        trickle = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
        trickle += "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n"
        assert (await http.patch(where, content=trickle, headers=FRAGMENT)).status_code == 428
        assert (await http.patch(where, content=trickle, headers=SDP | {"If-Match": tag})).status_code == 415
        assert (await http.patch(where, content="?", headers=FRAGMENT | {"If-Match": tag})).status_code == 400
        assert (await http.patch(where, content=trickle, headers=FRAGMENT | {"If-Match": tag})).status_code == 204
        assert (await http.patch(where, content=trickle, headers=FRAGMENT | {"If-Match": "*"})).status_code == 400
        restart = trickle + "a=ice-ufrag:fresh123\r\na=ice-pwd:" + "p" * 24 + "\r\n"
        restarted = await http.patch(where, content=restart, headers=FRAGMENT | {"If-Match": "*"})
        assert restarted.status_code == 200
        assert restarted.headers["content-type"].startswith("application/trickle-ice-sdpfrag")
        assert restarted.headers["etag"] not in ("", tag)
        assert f'"{ice_session(restarted.text)}"' == restarted.headers["etag"]
        late = await http.patch(where, content=trickle, headers=FRAGMENT | {"If-Match": tag})
        assert late.status_code == 412
        encoder.remote_ufrag = ice_session(restarted.text)
        encoder.remote_password = next(
            line[10:] for line in restarted.text.split("\r\n") if line.startswith("a=ice-pwd:")
        )
        await encoder.check()


async def test_a_token_that_is_taken_back_ends_its_stream(hub: HubProcess) -> None:
    code = meeting(hub)
    path = f"/api/v1/meetings/{code}/streams"
    assert hub.request(path, {"kind": "whip", "name": "x"}, user=None)[0] == 401
    for body in (
        {"kind": "rtmp", "name": "x"},
        {"kind": "whip", "name": " "},
        {"kind": "whip", "name": "x", "hours": 0},
    ):
        assert hub.request(path, body)[0] == 422
    made = token(hub, code, "whip")
    async with client("encoder") as encoder, web(hub, made["token"]) as http:
        posted = await http.post("/whip", content=offer(encoder, SENDS), headers=SDP)
        assert posted.status_code == 201
        async with httpx.AsyncClient(base_url=hub.address, headers={"Cookie": "user=thanh"}) as signed_in:
            assert (await signed_in.delete(f"{path}/{made['id']}")).status_code == 204
            assert (await signed_in.delete(f"{path}/nothing")).status_code == 404
        assert (await http.delete(posted.headers["location"])).status_code == 401
    (left,) = hub.request(path)[1]["streams"]
    assert (left["live"], left["good"]) == (False, False)
    assert "token" not in left


async def test_sessions_outlive_a_restart_of_the_hub(hub: HubProcess) -> None:
    code = meeting(hub)
    sending, watching = token(hub, code, "whip"), token(hub, code, "whep")
    async with client("encoder") as encoder, client("screen") as screen:
        async with web(hub, sending["token"]) as http:
            posted = await http.post("/whip", content=offer(encoder, SENDS), headers=SDP)
            await encoder.connect(posted.text, SENDS)
        async with web(hub, watching["token"]) as http:
            watched = await http.post("/whep", content=offer(screen, WATCHES), headers=SDP)
            await screen.connect(watched.text, WATCHES)
        hub.stop()
        hub.start()
        await hub.ready()
        # As browsers do all the while: whoever is not heard for some seconds gets nothing.
        await screen.check()
        async with asyncio.timeout(5):
            while not screen.of("voice0"):
                encoder.send_rtp("microphone", b"all the while")
                await asyncio.sleep(0.02)
        async with web(hub, watching["token"]) as http:
            assert (await http.delete(watched.headers["location"])).status_code == 200
        async with web(hub, sending["token"]) as http:
            assert (await http.delete(posted.headers["location"])).status_code == 200


def test_sections_get_roles_by_their_order() -> None:
    from tests.conferencing.client import offer_text

    def parsed(*sections: str) -> Any:
        return parse_offer(offer_text("AB:" * 31 + "AB", "abcdef", "x" * 24, {}, sections))

    assert roles_of(parsed("microphone", "camera"), Kind.WHIP) == {"0": "microphone", "1": "camera"}
    watched = roles_of(parsed("stage", "voice0", "voice1", "thumbnail0", "voice2"), Kind.WHEP)
    assert watched == {"0": "stage", "1": "voice0", "2": "voice1", "3": "thumbnail0", "4": "voice2"}
    for kind, sections in ((Kind.WHIP, ("stage",)), (Kind.WHEP, ("camera",)), (Kind.WHIP, ("camera", "camera"))):
        with pytest.raises(UnprocessableOfferError):
            roles_of(parsed(*sections), kind)


@given(st.text(max_size=300))
def test_fragments_of_any_text(text: str) -> None:
    with contextlib.suppress(FragmentError):
        read_fragment(text)
    write_fragment(text)
    ice_session(text)


@given(
    st.lists(st.sampled_from(["a=ice-ufrag:", "a=ice-pwd:", "m=audio", "a=mid:", "a=candidate:"]), max_size=6),
    st.text(max_size=30),
)
def test_fragments_of_damaged_lines(starts: list[str], rest: str) -> None:
    with contextlib.suppress(FragmentError):
        found = read_fragment("\r\n".join(start + rest for start in starts))
        assert found.candidates == starts.count("a=candidate:")


@given(st.text(max_size=200), st.sampled_from(list(Kind)))
def test_whip_offers_of_any_text(text: str, kind: Kind) -> None:
    with contextlib.suppress(SdpError, UnprocessableOfferError):
        roles_of(parse_offer(text), kind)
