"""Sessions of encoders and screens: opened on a worker, restarted, ended. Raises what the routes answer with."""

from __future__ import annotations

import asyncio
import secrets

from conferencing import control
from conferencing.live import LiveMeeting
from conferencing.media.offer import SdpError, parse_offer
from conferencing.meeting.state import Presence
from conferencing.meetings import Meetings
from conferencing.whip import problems
from conferencing.whip.fragment import ice_session
from conferencing.whip.roles import Kind, UnprocessableOfferError, roles_of
from conferencing.whip.tokens import StreamToken, StreamTokens
from conferencing.workers.link import WorkersOverloaded, WorkerUnavailable

VIEWERS_LIMIT = 100
"""Screens of one meeting."""


class StreamSessions:
    """`session` is the worker's name of the peer: whoever is there after a restart of the hub is found again."""

    def __init__(self, meetings: Meetings, tokens: StreamTokens) -> None:
        self.tokens = tokens
        self._meetings = meetings
        # ICE sessions by peer, for If-Match; those of before a restart of the hub are not known, and not checked.
        self._ice: dict[str, str] = {}

    async def authorized(self, token: str | None, kind: Kind) -> tuple[StreamToken, LiveMeeting]:
        """Raises ProblemError: 401, 403, 404."""
        if token is None:
            raise problems.NO_TOKEN
        found = await asyncio.to_thread(self.tokens.find, token)
        if found is None or not found.good(self._meetings.clock()):
            raise problems.BAD_TOKEN
        if found.kind is not kind:
            raise problems.WRONG_KIND
        live = await self._meetings.by_id(found.meeting_id)
        if live is None or live.meeting.closed:
            raise problems.MEETING_CLOSED
        return found, live

    async def open(self, token: StreamToken, live: LiveMeeting, offer: str) -> tuple[str, str]:
        """Session and answer. A session that the token has is replaced. Raises ProblemError: 400, 422, 503."""
        try:
            roles = roles_of(parse_offer(offer), token.kind)
        except SdpError as error:
            raise problems.bad_offer(str(error)) from None
        except UnprocessableOfferError as error:
            raise problems.unprocessable(str(error)) from None
        viewer = token.kind is Kind.WHEP
        if viewer and token.seat not in live.viewers and len(live.viewers) >= VIEWERS_LIMIT:
            raise problems.FULL
        peer = secrets.token_hex(8)
        add = control.AddPeer(live.stored.id, peer, token.seat, offer, roles, {}, viewer)
        live.joining += 1
        try:
            answer = await self._added(live, add)
            if live.meeting.closed:
                raise problems.MEETING_CLOSED
            if viewer:
                live.viewers[token.seat] = peer
            else:
                self._seat(live, token, peer, roles)
        finally:
            live.joining -= 1
            self._meetings.release_if_empty(live)
        self._ice[peer] = ice_session(answer)
        return peer, answer

    def tag(self, session: str) -> str | None:
        """The ICE session, None when it began under an earlier hub."""
        return self._ice.get(session)

    def check(self, token: StreamToken, live: LiveMeeting, session: str) -> None:
        """Raises ProblemError 404 when the session is not the token's, or over."""
        if self.session_of(token, live) != session:
            self._ice.pop(session, None)
            raise problems.NO_SESSION

    def session_of(self, token: StreamToken, live: LiveMeeting) -> str | None:
        if token.kind is Kind.WHEP:
            return live.viewers.get(token.seat)
        seat = live.meeting.seats.get(token.seat)
        return seat.peer if seat is not None and seat.presence is not Presence.AWAY else None

    async def restart(self, live: LiveMeeting, session: str, fragment: str) -> str:
        """The answer with the new credentials. Raises ProblemError."""
        if live.link is None:
            raise problems.NO_SESSION
        try:
            reply = await live.link.restart_ice(control.RestartIce(session, fragment))
        except WorkerUnavailable:
            raise problems.UNAVAILABLE from None
        if isinstance(reply, control.PeerRefused):
            raise problems.NO_SESSION if reply.reason == "peer" else problems.unprocessable(reply.detail)
        self._ice[session] = ice_session(reply.answer)
        return reply.answer

    def close(self, token: StreamToken, live: LiveMeeting) -> None:
        """Ends whatever session the token has."""
        session = self.session_of(token, live)
        if session is None:
            return
        self._ice.pop(session, None)
        if live.link is not None and live.link.connected:
            live.link.send(control.RemovePeer(session))
        if live.viewers.pop(token.seat, None) is None:
            live.record(live.meeting.gone(token.seat, session, "left"))
        self._meetings.release_if_empty(live)

    def _seat(self, live: LiveMeeting, token: StreamToken, peer: str, roles: dict[str, str]) -> None:
        sent = set(roles.values())
        live.record(live.meeting.take_seat(token.seat, token.name, None, None))
        live.record(
            live.meeting.join(token.seat, peer, token.name, microphone="microphone" in sent, camera="camera" in sent)
        )

    async def _added(self, live: LiveMeeting, add: control.AddPeer) -> str:
        try:
            reply = await self._meetings.place(live).add_peer(add)
        except WorkersOverloaded:
            raise problems.OVERLOADED from None
        except WorkerUnavailable:
            raise problems.UNAVAILABLE from None
        match reply:
            case control.PeerAnswer(answer=answer):
                return answer
            case control.PeerRefused(reason="offer", detail=detail):
                raise problems.unprocessable(detail)
            case _:
                raise problems.FULL
