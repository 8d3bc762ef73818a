"""Zalo Notification Service: an approved template to a telephone number, for those who never wrote to a bot.

Request, answer and delivery event: https://developers.zalo.me/docs/zalo-notification-service; error codes:
https://zalo.cloud/zns/guidelines/handle-error-code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from exporters.oncall.channels import answers
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.channels.telephone import digits
from exporters.oncall.channels.zalo_token import ZaloToken
from exporters.oncall.contracts import Message, Outcome, Result

NIGHT_SECONDS = 1800.0
QUOTA_SECONDS = 3600.0
TOKEN_INVALID = -124
# Not at night, the day's or month's quota used up, no money: later, and another channel meanwhile.
_LATER: Mapping[int, float] = {
    -133: NIGHT_SECONDS,
    -144: QUOTA_SECONDS,
    -147: QUOTA_SECONDS,
    -148: QUOTA_SECONDS,
    -115: QUOTA_SECONDS,
    -126: QUOTA_SECONDS,
    -100: 30.0,
}
# This number or this text never: not on Zalo, refuses such messages, too old a version, data that do not fit.
_NEVER = frozenset({-108, -110, -111, -112, -113, -114, -116, -118, -119, -122, -130, -132, -134, -139, -141})


@dataclass(frozen=True, slots=True)
class ZnsConfiguration:
    """`parameters`: the template's own names to ours (place, trouble, since, cause, link, …)."""

    template: str
    parameters: Mapping[str, str]
    max_characters: int = 90
    """Of each value; a template's table row takes 90."""
    url: str = "https://business.openapi.zalo.me/message/template"
    per_minute: int = 60
    timeout_seconds: float = 15.0
    webhook_secret: str = field(default="", repr=False)
    """Of the Official Account: signs delivery events."""


class ZnsChannel:
    name = "zns"
    needs_internet = True

    def __init__(self, configuration: ZnsConfiguration, token: ZaloToken, client: httpx.AsyncClient) -> None:
        self._configuration = configuration
        self._token = token
        self._client = client
        self.per_minute = configuration.per_minute

    async def send(self, message: Message) -> Outcome:
        phone = digits(message.to)
        if phone is None:
            return answers.refused("not a telephone number")
        access = await self._token.access()
        if isinstance(access, Outcome):
            return access
        outcome = await self._posted(message, phone, access)
        if outcome is not None:
            return outcome
        # The token was revoked before its time: once more with a new one.
        access = await self._token.access(stale=access)
        if isinstance(access, Outcome):
            return access
        return await self._posted(message, phone, access) or answers.retry("Zalo refuses a token just given")

    async def aclose(self) -> None:
        return None

    def has_signed(self, body: bytes, event: Mapping[str, object], signature: str) -> bool:
        """Whether Zalo sent this event; never without the Official Account's secret."""
        app_id, timestamp = str(event.get("app_id", "")), str(event.get("timestamp", ""))
        return is_signed(body, signature, app_id, timestamp, self._configuration.webhook_secret)

    async def _posted(self, message: Message, phone: str, access: str) -> Outcome | None:
        """None: the token does not hold."""
        it = self._configuration
        data = {name: self._value(message, ours) for name, ours in it.parameters.items()}
        body = {
            "phone": phone,
            "template_id": it.template,
            "template_data": data,
            "tracking_id": hashlib.sha256(message.key.encode()).hexdigest()[:32],
        }
        request = self._client.build_request("POST", it.url, json=body, headers={"access_token": access})
        answer = await answers.exchange(self._client, request, it.timeout_seconds)
        return answer if isinstance(answer, Outcome) else _outcome(answer)

    def _value(self, message: Message, ours: str) -> str:
        text = {"link": message.link, "subject": message.subject}.get(ours) or message.parameters.get(ours, "")
        limit = self._configuration.max_characters
        # ZNS refuses empty values (-111).
        return (text if len(text) <= limit or ours == "link" else text[: limit - 1] + "…") or "–"


def _outcome(response: httpx.Response) -> Outcome | None:
    said = answers.document(response)
    code = said.get("error")
    if not isinstance(code, int) or isinstance(code, bool):
        return answers.of_status(response) or answers.retry("not an answer of Zalo")
    if code == 0:
        data = said.get("data")
        return answers.sent(data.get("msg_id", "") if isinstance(data, dict) else "")
    if code == TOKEN_INVALID:
        return None
    detail = f"ZNS {code}: {said.get('message', '')}"
    if code in _NEVER:
        return answers.refused(detail)
    return answers.retry(detail, _LATER.get(code))


def receipt(event: Mapping[str, object]) -> Receipt | None:
    """Of a delivery event (`user_received_message`); None for every other."""
    message = event.get("message")
    # What reaches somebody who wrote to the Official Account bears the same name, and no delivery time.
    told = message if isinstance(message, Mapping) else event
    number = told.get("msg_id")
    if event.get("event_name") != "user_received_message" or not isinstance(number, str) or not number:
        return None
    return Receipt("zns", answers.words(number), Result.DELIVERED) if told.get("delivery_time") else None


def is_signed(body: bytes, signature: str, app_id: str, timestamp: str, secret: str) -> bool:
    """X-ZEvent-Signature: mac=sha256(app id + body + timestamp + the Official Account's secret)."""
    made = hashlib.sha256(app_id.encode() + body + timestamp.encode() + secret.encode()).hexdigest()
    return bool(secret) and hmac.compare_digest(signature.removeprefix("mac=").encode(), made.encode())
