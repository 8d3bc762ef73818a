"""One page's WebSocket: bounded in size, in rate and in what waits to be sent."""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from conferencing.rate import Rate
from conferencing.signaling import messages

UNSENT_LIMIT = 1000
"""A page that reads so slowly is cut off; it connects again and is told the state."""
MESSAGES_PER_SECOND = 20
MESSAGES_BURST = 60
SILENCE_SECONDS = 45.0
"""Pages say ping every 5 s."""
SEND_TIMEOUT_SECONDS = 20.0

_CLOSE_NORMAL = 1000
_CLOSE_TOO_SLOW = 1013


class PageConnection:
    """`tell` never waits; `send` puts what was told on the wire; `receive` is one text of the page."""

    def __init__(self, websocket: WebSocket, counts: Counter[str]) -> None:
        self._websocket = websocket
        self._counts = counts
        self._rate = Rate(MESSAGES_PER_SECOND, MESSAGES_BURST)
        # None ends the connection after what stands before it.
        self._unsent: asyncio.Queue[messages.ToPage | None] = asyncio.Queue()
        self._ending = False

    def tell(self, message: messages.ToPage) -> None:
        if self._ending:
            return
        if self._unsent.qsize() >= UNSENT_LIMIT:
            self._counts["too_slow"] += 1
            self._ending = True
            self._unsent = asyncio.Queue()
            self._unsent.put_nowait(None)
            return
        self._unsent.put_nowait(message)

    def close(self, reason: str) -> None:
        self.tell(messages.Closed(reason))
        self.end()

    def end(self) -> None:
        """Ends the connection after what was told."""
        if not self._ending:
            self._ending = True
            self._unsent.put_nowait(None)

    async def send(self) -> None:
        """Until the connection ends."""
        try:
            while (message := await self._unsent.get()) is not None:
                async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                    await self._websocket.send_text(messages.encode_to_page(message))
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await self._websocket.close(_CLOSE_NORMAL)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            # Gone meanwhile: Starlette says RuntimeError for a send after the close.
            self._ending = True

    async def receive(self, now: float) -> str | None:
        """The next text; None when the page is gone, silent, or sends faster than it may."""
        if self._websocket.client_state is not WebSocketState.CONNECTED:
            return None
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                received = await self._websocket.receive()
        except (TimeoutError, RuntimeError):
            return None
        if received["type"] != "websocket.receive":
            return None
        if not self._rate.allow(now):
            self._counts["too_fast"] += 1
            return None
        text = received.get("text")
        return text if text is not None else ""
