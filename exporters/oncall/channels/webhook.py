"""A notice as JSON to another program, signed so that it knows whom it is from."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from exporters.oncall.channels import answers
from exporters.oncall.contracts import Message, Outcome

SIGNATURE = "X-Thongsuot-Signature"


@dataclass(frozen=True, slots=True)
class WebhookConfiguration:
    """`allowed`: beginnings of addresses that may be called; a contact cannot make the hub call anything else.

    `secret` signs the body: `X-Thongsuot-Signature: sha256=<hex of HMAC-SHA256>`.
    """

    allowed: tuple[str, ...]
    secret: str = field(default="", repr=False)
    per_minute: int = 120
    timeout_seconds: float = 10.0


class WebhookChannel:
    name = "webhook"
    needs_internet = True

    def __init__(self, configuration: WebhookConfiguration, client: httpx.AsyncClient) -> None:
        self._configuration = configuration
        self._client = client
        self.per_minute = configuration.per_minute

    async def send(self, message: Message) -> Outcome:
        if not any(_within(message.to, allowed) for allowed in self._configuration.allowed):
            return answers.refused("this address is not among those that the configuration allows")
        answer = await answers.exchange(self._client, self._request(message), self._configuration.timeout_seconds)
        if isinstance(answer, Outcome):
            return answer
        return answers.of_status(answer) or answers.sent(answers.document(answer).get("id", ""))

    async def aclose(self) -> None:
        return None

    def _request(self, message: Message) -> httpx.Request:
        said = {
            "key": message.key,
            "subject": message.subject,
            "text": message.text,
            "short": message.short,
            "link": message.link,
            **{name: value for name, value in message.parameters.items() if name not in ("key", "text")},
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": hashlib.sha256(message.key.encode()).hexdigest()[:32],
        }
        if self._configuration.secret:
            signature = hmac.new(self._configuration.secret.encode(), body, hashlib.sha256)
            headers[SIGNATURE] = f"sha256={signature.hexdigest()}"
        return self._client.build_request("POST", message.to, content=body, headers=headers)


def _within(address: str, allowed: str) -> bool:
    """Same scheme, host and port, and below its path; anything odd is not."""
    try:
        asked, given = urlsplit(address), urlsplit(allowed)
        same = (asked.scheme, asked.hostname, asked.port) == (given.scheme, given.hostname, given.port)
    except ValueError:
        return False
    if not same or asked.scheme not in ("http", "https") or not asked.hostname or "@" in asked.netloc:
        return False
    path, folder = asked.path or "/", given.path or "/"
    if not address.isprintable() or " " in address or "\\" in address or ".." in path or "%" in path:
        return False
    return path == folder or path.startswith(folder if folder.endswith("/") else folder + "/")
