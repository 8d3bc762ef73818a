"""How a peer reaches the worker: addresses, DTLS roles, keys, and an ICE restart while media flow."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
from pathlib import Path

import pytest
from aiortc.rtcdtlstransport import SRTP_PROFILES

from conferencing import control
from conferencing.media.candidates import Announced, host_candidates
from conferencing.media.ice_restart import check_restart
from conferencing.media.offer import SdpError, parse_offer
from conferencing.media.options import parse_options
from conferencing.turn import IceServer, TurnServers
from tests.conferencing.client import SECTIONS, Client, client
from tests.conferencing.processes import Hub, hub_of, media_worker


async def joined(hub: Hub, peer: Client, room: str = "room", *, passive: bool = False) -> control.PeerAnswer:
    offer, roles = peer.offer()
    if passive:
        offer = offer.replace("a=setup:actpass", "a=setup:passive")
    hub.send(control.OpenRoom(room))
    hub.send(control.AddPeer(room, f"peer-{peer.name}", peer.name, offer, roles, {}))
    answer = await hub.expect(control.PeerAnswer)
    await peer.connect(answer.answer, SECTIONS, passive=passive)
    await hub.expect(control.PeerConnected, lambda m: m.seat == peer.name)
    return answer


async def heard(hub: Hub, speaker: Client, listener: Client, words: bytes) -> None:
    """Until the listener gets these very words in some voice."""

    def arrived() -> bool:
        return any(words == one.payload for slot in ("voice0", "voice1") for one in listener.of(slot))

    async with asyncio.timeout(5):
        while not arrived():
            speaker.send_rtp("microphone", words)
            await asyncio.sleep(0.02)


async def test_ice_restarts_in_place_and_the_media_move_to_the_new_path(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path) as (_process, path),
        hub_of(path) as hub,
        client("a") as a,
        client("b") as b,
        client("new path") as elsewhere,
    ):
        await joined(hub, a)
        first = await joined(hub, b)
        old = (b.remote_ufrag, b.remote_password)
        b.ufrag = "renewed1"
        hub.send(control.RestartIce("peer-b", b.offer()[0]))
        second = await hub.expect(control.PeerAnswer, lambda m: m.peer == "peer-b")
        kept = [
            line for line in first.answer.split("\r\n") if not line.startswith(("a=ice-ufrag", "a=ice-pwd", "o="))
        ]
        again = [
            line for line in second.answer.split("\r\n") if not line.startswith(("a=ice-ufrag", "a=ice-pwd", "o="))
        ]
        assert again == kept
        origins = [text.split("\r\n")[1].split(" ") for text in (first.answer, second.answer)]
        assert origins[0][1] == origins[1][1]
        assert (origins[0][2], origins[1][2]) == ("1", "2")
        # The old path is good until the new one is chosen.
        await b.check()
        await heard(hub, a, b, b"on the old path")
        elsewhere.read_answer(second.answer, SECTIONS)
        assert (elsewhere.remote_ufrag, elsewhere.remote_password) != old
        elsewhere.ufrag = b.ufrag
        await elsewhere.check()
        moved: list[bytes] = []
        elsewhere.listener = moved.append
        a.send_rtp("microphone", b"on the new path")
        await elsewhere.until(lambda: any(packet[0] >> 6 == 2 for packet in moved))
        elsewhere.remote_ufrag, elsewhere.remote_password = old
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await elsewhere.check()
        await hub.expect(control.WorkerStatistics, lambda m: m.drops.get("stun_unknown_ufrag", 0) >= 1)


async def test_a_restart_that_would_change_more_than_ice_is_refused(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path) as (_process, path),
        hub_of(path) as hub,
        client("a") as a,
        client("x") as other,
    ):
        hub.send(control.RestartIce("nobody", ""))
        assert (await hub.expect(control.PeerRefused)).reason == "peer"
        await joined(hub, a)
        same = a.offer()[0]
        other.ufrag = "another1"
        for text in (same, other.offer()[0], "rubbish", "a=ice-ufrag:enough\r\n"):
            hub.send(control.RestartIce("peer-a", text))
            assert (await hub.expect(control.PeerRefused)).reason == "offer"
        await a.check()


def test_a_fragment_of_whip_restarts_as_a_whole_offer_does() -> None:
    from tests.conferencing.test_parsers_survive_anything import OFFER

    first = parse_offer(OFFER)
    check_restart("a=ice-ufrag:fresh\r\na=ice-pwd:" + "y" * 24 + "\r\n", first)
    with pytest.raises(SdpError, match="those of before"):
        check_restart(f"a=ice-ufrag:{first.ufrag}\r\na=ice-pwd:{'y' * 24}\r\n", first)
    with pytest.raises(SdpError, match="media sections"):
        check_restart(OFFER.replace("a=mid:0", "a=mid:9").replace("abcdef", "fresh"), first)


async def test_aes_gcm_is_negotiated_whatever_the_peer_prefers(tmp_path: Path) -> None:
    async with media_worker(tmp_path) as (_process, path), hub_of(path) as hub, client("a") as a:
        offered = [profile.openssl_profile for profile in SRTP_PROFILES]
        assert offered[0] != b"SRTP_AES128_CM_SHA1_80" or b"SRTP_AEAD_AES_128_GCM" in offered
        await joined(hub, a)
        assert a.dtls is not None
        assert a.dtls._ssl is not None
        assert a.dtls._ssl.get_selected_srtp_profile() == b"SRTP_AEAD_AES_128_GCM"


async def test_a_peer_that_waits_for_the_handshake_is_greeted_first(tmp_path: Path) -> None:
    async with (
        media_worker(tmp_path) as (_process, path),
        hub_of(path) as hub,
        client("a") as a,
        client("encoder") as encoder,
    ):
        await joined(hub, a)
        answer = await joined(hub, encoder, passive=True)
        assert "a=setup:active" in answer.answer
        await heard(hub, encoder, a, b"from an encoder")
        await heard(hub, a, encoder, b"to an encoder")


async def test_one_port_on_both_families_and_what_is_announced(tmp_path: Path) -> None:
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6 on loopback")
    listen = ("127.0.0.1:0", "[::1]:0")
    async with (
        media_worker(tmp_path, "media-0", "--announce", "203.0.113.5", listen=listen) as (_process, path),
        hub_of(path) as hub,
        client("four") as four,
        client("six", "::1") as six,
    ):
        answer = (await joined(hub, four)).answer
        told = {tuple(line.split(" ")[4:6]) for line in answer.split("\r\n") if line.startswith("a=candidate")}
        assert {host for host, _port in told} == {"203.0.113.5", "127.0.0.1", "::1"}
        assert len({port for _host, port in told}) == 1
        await joined(hub, six)
        await heard(hub, four, six, b"across families")
        await heard(hub, six, four, b"and back")


def test_an_announced_address_may_stand_for_one_of_the_machine() -> None:
    bound = [("10.0.0.5", 8600), ("10.9.0.5", 8600), ("::1", 8600)]
    told = host_candidates(bound, [Announced("203.0.113.5", "10.0.0.5"), Announced("198.51.100.1")])
    assert [(one.address, one.port) for one in told] == [
        ("203.0.113.5", 8600),
        ("198.51.100.1", 8600),
        ("10.9.0.5", 8600),
        ("::1", 8600),
    ]
    assert [one.priority for one in told] == sorted((one.priority for one in told), reverse=True)


def test_the_command_line_takes_pairs_of_addresses() -> None:
    given = ["--socket", "s", "--listen", "10.0.0.5:8600", "--announce", "203.0.113.5=10.0.0.5"]
    assert parse_options(given).announce == (Announced("203.0.113.5", "10.0.0.5"),)
    with pytest.raises(SystemExit):
        parse_options([*given, "--announce", "public=10.0.0.5"])


def test_credentials_are_those_that_coturn_expects() -> None:
    servers = TurnServers(("turn:t:3478?transport=udp",), "north", 600)
    username = "1700000600:meeting"
    digest = hmac.new(b"north", username.encode(), hashlib.sha1).digest()
    expected = IceServer(("turn:t:3478?transport=udp",), username, base64.b64encode(digest).decode())
    assert servers.for_client("meeting", 1_700_000_000.9) == (expected,)
    assert TurnServers().for_client("meeting", 0.0) == ()
    assert "north" not in repr(servers)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
