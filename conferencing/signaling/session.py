"""One page's part in a meeting: its messages in order, until it leaves or is gone."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter

from starlette.websockets import WebSocket

from conferencing.admission import Admission, Admitted, RefusedError
from conferencing.live import LiveMeeting
from conferencing.messages import MessageError
from conferencing.protocols import Identity
from conferencing.signaling import messages
from conferencing.signaling.connection import PageConnection
from conferencing.statistics.client import ClientReport

logger = logging.getLogger(__name__)

ERRORS_LIMIT = 20

BAD_MESSAGE = "Trang gửi dữ liệu không hợp lệ"
FIRST_JOIN = messages.Error("order", "Chưa vào họp", "Trang phải vào họp trước khi gửi yêu cầu này.", fatal=False)
INTERNAL = messages.Error("internal", "Máy chủ gặp lỗi", "Lỗi đã được ghi lại. Trang sẽ tự kết nối lại.", fatal=False)


class Session:
    def __init__(
        self,
        websocket: WebSocket,
        live: LiveMeeting,
        admission: Admission,
        identity: Identity | None,
        counts: Counter[str],
    ) -> None:
        self._connection = PageConnection(websocket, counts)
        self._live = live
        self._admission = admission
        self._identity = identity
        self._counts = counts
        self._seat: str | None = None
        self._errors = 0

    async def run(self) -> None:
        sending = asyncio.create_task(self._connection.send(), name="signaling out")
        try:
            self._connection.tell(self._admission.ice_servers(self._live))
            await self._listen()
        except Exception:
            self._counts["internal_error"] += 1
            logger.exception("x session")
            self._connection.tell(INTERNAL)
        finally:
            if self._seat is not None:
                self._live.detach(self._seat, self._connection)
            self._connection.end()
            await sending

    async def _listen(self) -> None:
        while (text := await self._connection.receive(time.monotonic())) is not None:
            try:
                message = messages.decode_from_page(text)
            except MessageError as error:
                self._counts["bad_message"] += 1
                self._connection.tell(messages.Error("bad_message", BAD_MESSAGE, str(error), fatal=False))
                self._errors += 1
                if self._errors >= ERRORS_LIMIT:
                    return
                continue
            if not await self._take(message):
                return

    async def _take(self, message: messages.FromPage) -> bool:
        """False when the session is over."""
        try:
            return await self._act(message)
        except RefusedError as refused:
            self._counts[f"refused_{refused.error.code}"] += 1
            self._connection.tell(refused.error)
            return not refused.error.fatal

    async def _act(self, message: messages.FromPage) -> bool:
        """False when the session is over. Raises RefusedError."""
        match message:
            case messages.Ping():
                self._connection.tell(messages.Pong())
            case messages.Join():
                self._admitted(await self._admission.join(self._live, self._connection, message, self._identity))
            case messages.Resume():
                admitted = await self._admission.resume(self._live, self._connection, message)
                if admitted is None:
                    self._connection.tell(messages.Rejoin("unknown"))
                else:
                    self._admitted(admitted)
            case _ if self._seat is None:
                self._connection.tell(FIRST_JOIN)
            case messages.RestartIce():
                self._connection.tell(await self._admission.restart_ice(self._live, self._seat, message))
            case messages.Switch():
                self._admission.switch(self._live, self._seat, message)
            case messages.Transport():
                self._admission.transport(self._live, self._seat, message)
            case ClientReport():
                if not self._admission.statistics(self._live, self._seat, message):
                    self._counts["bad_statistics"] += 1
            case messages.Leave():
                self._admission.leave(self._live, self._seat)
                self._connection.close("left")
                return False
        return True

    def _admitted(self, admitted: Admitted) -> None:
        if self._seat is not None and self._seat != admitted.seat:
            self._live.detach(self._seat, self._connection)
        self._seat = admitted.seat
        self._connection.tell(admitted.reply)
        self._connection.tell(messages.Recording(self._live.meeting.recording is not None))
        if isinstance(admitted.reply, messages.Resumed):
            for note in self._live.notes.get(admitted.seat, {}).values():
                self._connection.tell(note)
