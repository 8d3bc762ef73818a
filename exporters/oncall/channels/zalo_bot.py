"""A Zalo bot: text to the chat of somebody who wrote to the bot once (bot.zaloplatforms.com/docs, sendMessage).

The token is part of the address: it is in no log and in no text of an outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from exporters.oncall.channels import answers
from exporters.oncall.contracts import Message, Outcome

MAX_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class ZaloBotConfiguration:
    token: str = field(repr=False)
    url: str = "https://bot-api.zaloplatforms.com"
    per_minute: int = 60
    timeout_seconds: float = 15.0


class ZaloBotChannel:
    name = "zalo"
    needs_internet = True

    def __init__(self, configuration: ZaloBotConfiguration, client: httpx.AsyncClient) -> None:
        self._configuration = configuration
        self._client = client
        self.per_minute = configuration.per_minute

    async def send(self, message: Message) -> Outcome:
        chat = message.to.strip()
        if not chat:
            return answers.refused("no chat id")
        it = self._configuration
        request = self._client.build_request(
            "POST",
            f"{it.url.rstrip('/')}/bot{it.token}/sendMessage",
            json={"chat_id": chat, "text": _clipped(message)},
        )
        answer = await answers.exchange(self._client, request, it.timeout_seconds)
        return answer if isinstance(answer, Outcome) else _outcome(answer)

    async def aclose(self) -> None:
        return None


def _outcome(response: httpx.Response) -> Outcome:
    """Errors come as HTTP statuses and as `ok: false` with `error_code` in an answer of status 200 alike."""
    said = answers.document(response)
    if said.get("ok") is True:
        result = said.get("result")
        return answers.sent(result.get("message_id", "") if isinstance(result, dict) else "")
    code = said.get("error_code")
    detail = f"Zalo {code}: {said.get('description', '')}"
    match code:
        case 400 | 410:
            return answers.refused(detail)
        case 408 | 429:
            return answers.retry(detail, answers.retry_after(response.headers.get("retry-after", ""), 0.0) or 30.0)
        case int():
            # 401, 403, 404: token or permission, mended by whoever runs the hub.
            return answers.retry(detail)
    return answers.of_status(response) or answers.retry("not an answer of Zalo")


def _clipped(message: Message) -> str:
    """The link stands at the end and is what is needed most."""
    if len(message.text) <= MAX_CHARACTERS:
        return message.text
    ending = f"…\n{message.link}" if message.link else "…"
    return message.text[: MAX_CHARACTERS - len(ending)] + ending
