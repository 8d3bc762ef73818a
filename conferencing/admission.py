"""How a page comes into a meeting: its seat, its worker, its answer. Each refusal says whose fault it is."""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from dataclasses import dataclass

from conferencing import control
from conferencing.live import Connection, LiveMeeting, participant
from conferencing.meeting.codes import new_token
from conferencing.meeting.state import Presence, worker_roles
from conferencing.meetings import Meetings
from conferencing.protocols import Directory, Identity
from conferencing.signaling import messages
from conferencing.statistics.client import ClientReport, sound_report
from conferencing.turn import TRANSPORTS, TurnServers
from conferencing.workers.link import WorkersOverloaded, WorkerUnavailable

SEATS_LIMIT = 2000
PARTICIPANTS_LIMIT = 250
NAME_CHARACTERS = 80
TOKEN_CHARACTERS = 64
_BLANKS = re.compile(r"\s+")


class RefusedError(Exception):
    """The page cannot come in; `error` is what it is told."""

    def __init__(self, error: messages.Error) -> None:
        super().__init__(error.code)
        self.error = error


CLOSED = messages.Error(
    "closed", "Cuộc họp đã kết thúc", "Liên hệ người tổ chức nếu cần mở lại cuộc họp này.", fatal=True
)
FULL = messages.Error(
    "full", "Cuộc họp đã đủ điểm cầu", "Máy chủ không nhận thêm điểm cầu. Liên hệ bộ phận kỹ thuật.", fatal=True
)
NO_WORKER = messages.Error(
    "no_worker",
    "Máy chủ chưa sẵn sàng",
    "Bộ phận truyền hình của máy chủ chưa chạy. Trang sẽ tự thử lại.",
    fatal=False,
)
OVERLOADED = messages.Error(
    "overloaded",
    "Máy chủ đang quá tải",
    "Các cuộc họp đang diễn ra được ưu tiên. Trang sẽ tự thử lại; cần họp ngay, hãy gọi bộ phận kỹ thuật.",
    fatal=False,
)
BAD_OFFER = messages.Error(
    "bad_offer",
    "Trình duyệt không kết nối được",
    "Trình duyệt này không có chuẩn âm thanh và hình ảnh cần thiết. Hãy dùng Chrome, Edge hoặc Cốc Cốc bản mới.",
    fatal=True,
)


@dataclass(frozen=True, slots=True)
class Admitted:
    seat: str
    reply: messages.Joined | messages.Resumed | messages.Rejoin


class Admission:
    def __init__(self, meetings: Meetings, directory: Directory, turn: TurnServers) -> None:
        self._meetings = meetings
        self._directory = directory
        self._turn = turn

    def ice_servers(self, live: LiveMeeting) -> messages.IceServers:
        servers = self._turn.for_client(live.stored.id, self._meetings.clock())
        return messages.IceServers(servers, self._turn.relay_only and bool(servers))

    def transport(self, live: LiveMeeting, seat: str, message: messages.Transport) -> None:
        """What the page says of itself: used for statistics alone."""
        if message.transport in TRANSPORTS:
            live.transports[seat] = message.transport

    def statistics(self, live: LiveMeeting, seat: str, report: ClientReport) -> bool:
        """What the page measures of its own connection; False when no browser measures that."""
        if not sound_report(report):
            return False
        current = live.meeting.seats.get(seat)
        if current is not None and current.peer == report.peer:
            self._meetings.quality.client(current.site, report, self._meetings.clock())
        return True

    async def join(
        self, live: LiveMeeting, connection: Connection, message: messages.Join, identity: Identity | None
    ) -> Admitted:
        """Raises RefusedError."""
        if live.meeting.closed:
            raise RefusedError(CLOSED)
        name, site = await self._who(message.name, identity)
        seat, token = await self._seat(live, message.token)
        live.joining += 1
        try:
            peer, answer = await self._negotiate(live, seat, message)
            if live.meeting.closed:
                raise RefusedError(CLOSED)
            live.record(live.meeting.take_seat(seat, name, identity.user_name if identity else None, site))
            live.record(live.meeting.join(seat, peer, name, microphone=message.microphone, camera=message.camera))
            live.attach(seat, connection)
        finally:
            live.joining -= 1
            self._meetings.release_if_empty(live)
        return Admitted(
            seat,
            messages.Joined(seat, token, peer, answer, live.stored.title, live.participants(), live.meeting.speaker),
        )

    async def resume(self, live: LiveMeeting, connection: Connection, message: messages.Resume) -> Admitted | None:
        """None when the token is of no seat. Raises RefusedError."""
        if live.meeting.closed:
            raise RefusedError(CLOSED)
        await self._meetings.settled()
        seat = await self._known_seat(live, message.token)
        if seat is None or seat not in live.meeting.seats:
            return None
        current = live.meeting.seats[seat]
        live.attach(seat, connection)
        if current.peer != message.peer or current.presence is Presence.AWAY:
            return Admitted(seat, messages.Rejoin("unknown"))
        slots = live.slots.get(seat, messages.Slots(None, {}))
        # Others may have seen the seat without signaling; nothing of its media has changed.
        live.tell_all(messages.ParticipantChanged(participant(current)))
        return Admitted(
            seat,
            messages.Resumed(
                seat,
                message.peer,
                live.stored.title,
                live.participants(),
                live.meeting.speaker,
                slots.stage,
                slots.slots,
            ),
        )

    async def restart_ice(
        self, live: LiveMeeting, seat: str, message: messages.RestartIce
    ) -> messages.Restarted | messages.Rejoin:
        """Rejoin when the media cannot be kept."""
        current = live.meeting.seats.get(seat)
        if current is None or current.peer != message.peer or live.link is None:
            return messages.Rejoin("unknown")
        try:
            reply = await live.link.restart_ice(control.RestartIce(message.peer, message.offer))
        except WorkerUnavailable:
            return messages.Rejoin("worker")
        if isinstance(reply, control.PeerAnswer):
            return messages.Restarted(message.peer, reply.answer)
        return messages.Rejoin("restart")

    def switch(self, live: LiveMeeting, seat: str, message: messages.Switch) -> None:
        """Turns a source on or off in the worker, where it counts, and in the state."""
        made = live.meeting.switch_source(seat, message.role, enabled=message.enabled)
        current = live.meeting.seats.get(seat)
        if made and current is not None and current.peer is not None and live.link is not None:
            # The state keeps it: a worker that is away now is told when the page joins again.
            if live.link.connected:
                for role in worker_roles(message.role):
                    live.link.send(control.EnableSource(current.peer, role, message.enabled))
            live.record(made)

    def leave(self, live: LiveMeeting, seat: str) -> None:
        current = live.meeting.seats.get(seat)
        if current is not None and current.peer is not None and live.link is not None and live.link.connected:
            live.link.send(control.RemovePeer(current.peer))
        live.record(live.meeting.gone(seat, None, "left"))
        self._meetings.release_if_empty(live)

    async def _who(self, asked: str, identity: Identity | None) -> tuple[str, str | None]:
        """Name and site of a bridge point: what it asks for, but a hall is always its own site."""
        if identity is not None and identity.site is not None:
            return clean_name(identity.display_name), identity.site
        name = clean_name(asked) or (identity.display_name if identity else "Khách")
        return name, await self._directory.site_named(name)

    async def _known_seat(self, live: LiveMeeting, token: str) -> str | None:
        if len(token) > TOKEN_CHARACTERS:
            return None
        return await asyncio.to_thread(self._meetings.store.seat_of, live.stored.id, token)

    async def _seat(self, live: LiveMeeting, token: str | None) -> tuple[str, str]:
        seat = await self._known_seat(live, token) if token else None
        if seat is not None and token is not None:
            return seat, token
        if len(live.meeting.seats) >= SEATS_LIMIT or len(live.meeting.present()) + live.joining >= PARTICIPANTS_LIMIT:
            raise RefusedError(FULL)
        token = new_token()
        seat = await asyncio.to_thread(self._meetings.store.add_seat, live.stored.id, token, self._meetings.clock())
        return seat, token

    async def _negotiate(self, live: LiveMeeting, seat: str, message: messages.Join) -> tuple[str, str]:
        peer = secrets.token_hex(8)
        add = control.AddPeer(
            live.stored.id,
            peer,
            seat,
            message.offer,
            message.roles,
            {"microphone": message.microphone, "camera": message.camera, "screen": False, "screen_sound": False},
        )
        try:
            reply = await self._meetings.place(live).add_peer(add)
        except WorkersOverloaded:
            raise RefusedError(OVERLOADED) from None
        except WorkerUnavailable:
            raise RefusedError(NO_WORKER) from None
        match reply:
            case control.PeerAnswer(answer=answer):
                return peer, answer
            case control.PeerRefused(reason="offer"):
                raise RefusedError(BAD_OFFER)
            case _:
                raise RefusedError(FULL)


def clean_name(text: str) -> str:
    """One line of printable characters in NFC; names repeat in both forms of Vietnamese diacritics."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in unicodedata.normalize("NFC", text[:400]))
    return _BLANKS.sub(" ", kept).strip()[:NAME_CHARACTERS]
