"""From a datagram to the peer it belongs to: STUN by ufrag, everything else by address. Knows no rooms."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conferencing.control import PeerState
from conferencing.media.counters import Counters
from conferencing.media.forwarder import Forwarder
from conferencing.media.ice import StunError, answer_check
from conferencing.media.peer import Path, Peer
from conferencing.media.secure_transport import HandshakeError, PacketBuffer, SrtpError
from conferencing.media.streams import Layer
from conferencing.media.udp_port import Endpoint
from conferencing.rate import Rate
from conferencing.rtp.header import RtpError

logger = logging.getLogger(__name__)

_SSRC = struct.Struct("!I")
_RTP_SSRC_AT, _RTCP_SSRC_AT = 8, 4

HANDSHAKES_PER_ADDRESS = 64
"""A whole province may sit behind one address of a provider; more at once than this is an attack."""
CHECKS_PER_SECOND = 2000
"""From addresses that are not yet a peer's: 170 sites joining at once make fewer."""


@dataclass(frozen=True, slots=True)
class Events:
    """What the dispatcher tells its owner."""

    connected: Callable[[Peer], None]
    failed: Callable[[Peer], None]
    keyframes_wanted: Callable[[list[Layer], float], None]


class Dispatcher:
    """Owns the tables of ufrags and addresses, and the handshakes."""

    def __init__(
        self,
        counters: Counters,
        forwarder: Forwarder,
        clock: Callable[[], float],
        tasks: asyncio.TaskGroup,
        events: Events,
    ) -> None:
        self._counters = counters
        self._forwarder = forwarder
        self._clock = clock
        self._tasks = tasks
        self._events = events
        self._by_ufrag: dict[str, Peer] = {}
        self._by_path: dict[Endpoint, dict[tuple[str, int], Peer]] = {}
        self._check_rates: dict[Endpoint, Rate] = {}
        self._handshakes: dict[str, int] = {}

    def register(self, peer: Peer) -> None:
        self._by_ufrag[peer.ufrag] = peer

    def restart(self, peer: Peer, ufrag: str, password: str) -> None:
        """New ICE credentials for a peer; the old ones hold until the new are used."""
        self._end(peer.restart(ufrag, password))
        self._by_ufrag[ufrag] = peer

    def forget(self, peer: Peer) -> None:
        self._end(peer.passwords)
        for path in peer.paths:
            self._forget_path(path, peer)

    def datagram(self, endpoint: Endpoint, packet: PacketBuffer, length: int, source: tuple[str, int]) -> None:
        """Told apart by the first byte, RFC 7983."""
        if length < 2:
            self._counters.drop("too_short")
            return
        first = packet.octets[0]
        if first < 4:
            self._check(endpoint, bytes(packet.view[:length]), source)
            return
        paths = self._by_path.get(endpoint)
        peer = paths.get(source) if paths else None
        if peer is None:
            self._counters.drop("unknown_address")
        elif 128 <= first <= 191:
            self._media(peer, packet, length)
        elif 20 <= first <= 63:
            self._dtls(peer, bytes(packet.view[:length]), source[0])
        else:
            self._counters.drop("not_webrtc")

    def _media(self, peer: Peer, packet: PacketBuffer, length: int) -> None:
        now = self._clock()
        # RFC 5761 section 4: on a shared port the second byte tells RTCP from RTP.
        if not 192 <= packet.octets[1] <= 223:
            self._rtp(peer, packet, length, now)
            return
        (ssrc,) = _SSRC.unpack_from(packet.octets, _RTCP_SSRC_AT)
        if not peer.rtcp_ssrcs.known(ssrc) and peer.rtcp_ssrcs.full:
            self._counters.drop("too_many_ssrcs")
            return
        try:
            wanted = peer.feedback(packet, length, now)
            peer.rtcp_ssrcs.proved(ssrc)
        except SrtpError as error:
            self._counters.drop(str(error))
        except RtpError:
            self._counters.drop("rtcp_malformed")
        else:
            if wanted:
                self._events.keyframes_wanted(wanted, now)

    def _rtp(self, peer: Peer, packet: PacketBuffer, length: int, now: float) -> None:
        (ssrc,) = _SSRC.unpack_from(packet.octets, _RTP_SSRC_AT)
        if peer.rtp_ssrcs.known(ssrc):
            self._forwarder.rtp(peer.link, packet, length, now)
        elif peer.rtp_ssrcs.full:
            self._counters.drop("too_many_ssrcs")
        else:
            genuine = peer.link.packets_in
            self._forwarder.rtp(peer.link, packet, length, now)
            if peer.link.packets_in > genuine:
                peer.rtp_ssrcs.proved(ssrc)

    def _check(self, endpoint: Endpoint, datagram: bytes, source: tuple[str, int]) -> None:
        now = self._clock()
        paths = self._by_path.setdefault(endpoint, {})
        # A flood from strangers must not take the consent checks of running calls with it.
        if source not in paths and not self._stranger_rate(endpoint).allow(now):
            self._counters.drop("stun_rate")
            return
        try:
            check = answer_check(datagram, source, self._password_of)
        except StunError as error:
            self._counters.drop(str(error))
            return
        peer = self._by_ufrag[check.ufrag]
        forgotten = peer.check((endpoint, source), check.nominated, now)
        if forgotten is not None:
            self._forget_path(forgotten, peer)
        if paths.get(source) is not peer:
            paths[source] = peer
            self._forwarder.path(endpoint, source, peer.link)
        if check.nominated:
            self._end(peer.completed(check.ufrag))
        try:
            endpoint.socket.sendto(check.response, source)
        except OSError:
            self._counters.drop("send_error")
        if peer.state is PeerState.SILENT:
            self._events.connected(peer)
        if peer.transport.active and not peer.handshaking:
            self._begin_handshake(peer, source[0])

    def _end(self, ufrags: Iterable[str]) -> None:
        for ufrag in ufrags:
            self._by_ufrag.pop(ufrag, None)

    def _stranger_rate(self, endpoint: Endpoint) -> Rate:
        return self._check_rates.setdefault(endpoint, Rate(CHECKS_PER_SECOND, CHECKS_PER_SECOND))

    def _password_of(self, ufrag: str) -> str | None:
        peer = self._by_ufrag.get(ufrag)
        return peer.passwords.get(ufrag) if peer is not None else None

    def _forget_path(self, path: Path, peer: Peer) -> None:
        endpoint, source = path
        paths = self._by_path.get(endpoint, {})
        # The address may have become another peer's: a page that was loaded again.
        if paths.get(source) is peer:
            del paths[source]
            self._forwarder.path(endpoint, source, None)

    def _dtls(self, peer: Peer, datagram: bytes, host: str) -> None:
        if not peer.handshaking and not self._begin_handshake(peer, host):
            return
        if not peer.transport.datagram(datagram):
            self._counters.drop("dtls_queue_full")

    def _begin_handshake(self, peer: Peer, host: str) -> bool:
        if self._handshakes.get(host, 0) >= HANDSHAKES_PER_ADDRESS:
            self._counters.drop("dtls_too_many_handshakes")
            return False
        peer.handshaking = True
        self._handshakes[host] = self._handshakes.get(host, 0) + 1
        self._tasks.create_task(self._handshake(peer, host), name=f"handshake {peer.peer}")
        return True

    async def _handshake(self, peer: Peer, host: str) -> None:
        try:
            peer.link.receiving, peer.link.sending = await peer.transport.handshake()
            self._events.connected(peer)
        except HandshakeError as error:
            self._counters.drop("dtls_handshake")
            logger.info("x peer %s: %s", peer.peer, error)
            self._events.failed(peer)
        except Exception:
            self._counters.drop("internal_error")
            logger.exception("x handshake of peer %s", peer.peer)
            self._events.failed(peer)
        finally:
            self._handshakes[host] -= 1
            if not self._handshakes[host]:
                del self._handshakes[host]
