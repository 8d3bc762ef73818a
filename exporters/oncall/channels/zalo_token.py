"""The access token of a Zalo Official Account: 25 hours long; a refresh token works once, so the next is kept.

https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from exporters.oncall.channels import answers
from exporters.oncall.contracts import Outcome

logger = logging.getLogger(__name__)

EARLY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class ZaloTokens:
    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    expires_at: float = 0.0


class TokenFile:
    """Tokens on disk, replaced as a whole. `first`: the refresh token that the administrator gave.

    A newly given one wins over what is kept: the kept one may have been revoked.
    """

    def __init__(self, path: Path, first: str, replace: Callable[[Path, bytes], object]) -> None:
        self._path = path
        self._first = first
        self._replace = replace

    def load(self) -> ZaloTokens:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if kept["first"] == self._first:
                return ZaloTokens(str(kept["access"]), str(kept["refresh"]), float(kept["expires_at"]))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read, the given refresh token is used: %s", self._path, type(error).__name__)
        return ZaloTokens(refresh=self._first)

    def keep(self, tokens: ZaloTokens) -> None:
        """Raises OSError: the old refresh token is spent, so this must be heard of."""
        self._replace(self._path, json.dumps({"first": self._first, **asdict(tokens)}).encode())


class ZaloToken:
    """Gives a token that is valid now; refreshes it once, however many ask."""

    def __init__(
        self,
        *,
        app_id: str,
        app_secret: str,
        file: TokenFile,
        client: httpx.AsyncClient,
        clock: Callable[[], float],
        url: str = "https://oauth.zaloapp.com/v4/oa/access_token",
        timeout_seconds: float = 15.0,
    ) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._file = file
        self._client = client
        self._clock = clock
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._tokens = file.load()
        self._lock = asyncio.Lock()

    async def access(self, stale: str = "") -> str | Outcome:
        """A token other than `stale`, or why there is none."""
        async with self._lock:
            tokens = self._tokens
            if tokens.access and tokens.access != stale and self._clock() < tokens.expires_at - EARLY_SECONDS:
                return tokens.access
            return await self._refreshed()

    async def _refreshed(self) -> str | Outcome:
        request = self._client.build_request(
            "POST",
            self._url,
            headers={"secret_key": self._app_secret},
            data={
                "app_id": self._app_id,
                "grant_type": "refresh_token",
                "refresh_token": self._tokens.refresh,
            },
        )
        answer = await answers.exchange(self._client, request, self._timeout_seconds)
        if isinstance(answer, Outcome):
            return answer
        said = answers.document(answer)
        access, refresh = said.get("access_token"), said.get("refresh_token")
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            reason = answers.words(f"{said.get('error', '')} {said.get('error_name', '')}")
            return answers.retry(f"Zalo gives no token ({reason or answer.status_code}): get a new refresh token")
        try:
            seconds = float(said.get("expires_in", 0))
        except (TypeError, ValueError):
            seconds = 0.0
        self._tokens = ZaloTokens(access, refresh, self._clock() + max(seconds, 2 * EARLY_SECONDS))
        try:
            await asyncio.to_thread(self._file.keep, self._tokens)
        except OSError as error:
            logger.error("the new Zalo refresh token cannot be kept; after a restart a new one is needed: %s", error)
        return access
