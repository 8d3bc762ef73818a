"""SMS through a provider's HTTP gateway, as its documentation says: request and answer are configuration, not code.

Vietnamese gateways differ in names of fields only; `PRESETS` holds one that is documented in public.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from exporters.oncall.channels import answers
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.channels.telephone import digits, national, plus
from exporters.oncall.contracts import Message, Outcome, Result


@dataclass(frozen=True, slots=True)
class SmsHttpConfiguration:
    """`fields`: values may hold {to}, {text}, {key} and {secret:NAME}; for JSON they may be nested.

    `numbers`: national (0912…), international (84912…) or plus (+84912…). Fields of the answer are paths with dots.
    Codes are compared as text; a code in none of the lists is tried again.
    """

    url: str
    fields: Mapping[str, Any]
    method: str = "POST"
    body: str = "json"
    """json, form or query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    numbers: str = "national"
    code_field: str = ""
    """Empty: the HTTP status alone tells."""
    sent_codes: tuple[str, ...] = ()
    duplicate_codes: tuple[str, ...] = ()
    """The gateway has this key already: it was sent before."""
    refused_codes: tuple[str, ...] = ()
    message_field: str = ""
    receipt_field: str = ""
    callback_id: str = ""
    """Field of the gateway's callback with the receipt; empty: it makes none."""
    callback_code: str = ""
    callback_delivered: tuple[str, ...] = ()
    callback_failed: tuple[str, ...] = ()
    per_minute: int = 30
    timeout_seconds: float = 20.0


# https://developers.esms.vn/esms-api/send-sms-api/send-otp-customer-care-message and …/table-of-error-codes
ESMS: Mapping[str, Any] = {
    "url": "https://rest.esms.vn/MainService.svc/json/SendMultipleMessage_V4_post_json/",
    "fields": {
        "ApiKey": "{secret:api_key}",
        "SecretKey": "{secret:secret_key}",
        "Brandname": "{secret:brandname}",
        "SmsType": "2",
        "IsUnicode": "0",
        "Phone": "{to}",
        "Content": "{text}",
        "RequestId": "{key}",
    },
    "code_field": "CodeResult",
    "sent_codes": ("100",),
    "duplicate_codes": ("124",),
    "refused_codes": ("99", "108", "118", "146"),
    "message_field": "ErrorMessage",
    "receipt_field": "SMSID",
    "callback_id": "SMSID",
    "callback_code": "SendStatus",
    "callback_delivered": ("5",),
    "callback_failed": ("4",),
}

PRESETS: Mapping[str, Mapping[str, Any]] = {"esms": ESMS}

NUMBERS: Mapping[str, Callable[[str], str | None]] = {"national": national, "international": digits, "plus": plus}


class SmsHttpChannel:
    name = "sms"
    needs_internet = True

    def __init__(self, configuration: SmsHttpConfiguration, client: httpx.AsyncClient) -> None:
        self._configuration = configuration
        self._client = client
        self.per_minute = configuration.per_minute

    async def send(self, message: Message) -> Outcome:
        number = NUMBERS[self._configuration.numbers](message.to)
        if number is None:
            return answers.refused("not a telephone number")
        request = self._request(message, number)
        answer = await answers.exchange(self._client, request, self._configuration.timeout_seconds)
        return answer if isinstance(answer, Outcome) else self._outcome(answer)

    async def aclose(self) -> None:
        return None

    def receipt(self, said: Mapping[str, object]) -> Receipt | None:
        """Of the gateway's callback; None when it tells nothing final."""
        it = self._configuration
        if not it.callback_id:
            return None
        number, code = _found(said, it.callback_id), str(_found(said, it.callback_code))
        if not isinstance(number, str | int) or not str(number):
            return None
        if code in it.callback_delivered:
            return Receipt(self.name, answers.words(number), Result.DELIVERED)
        if code in it.callback_failed:
            return Receipt(self.name, answers.words(number), Result.REFUSED, f"not delivered: {answers.words(code)}")
        return None

    def _request(self, message: Message, number: str) -> httpx.Request:
        it = self._configuration
        values = {
            "to": number,
            "text": message.short,
            "key": hashlib.sha256(message.key.encode()).hexdigest()[:32],
            **{f"secret:{name}": value for name, value in it.secrets.items()},
        }
        fields = {name: _filled(value, values) for name, value in it.fields.items()}
        headers = {name: str(_filled(value, values)) for name, value in it.headers.items()}
        match it.body:
            case "json":
                content = json.dumps(fields, ensure_ascii=False).encode()
                headers = {"Content-Type": "application/json", **headers}
                return self._client.build_request(it.method, it.url, content=content, headers=headers)
            case "form":
                return self._client.build_request(it.method, it.url, data=fields, headers=headers)
        return self._client.build_request(it.method, it.url, params=fields, headers=headers)

    def _outcome(self, response: httpx.Response) -> Outcome:
        it = self._configuration
        wrong = answers.of_status(response)
        if wrong is not None:
            return wrong
        said = answers.document(response)
        receipt = _found(said, it.receipt_field) if it.receipt_field else ""
        if not it.code_field:
            return answers.sent(receipt)
        code = _found(said, it.code_field)
        if code is None:
            return answers.retry("not an answer of the gateway")
        detail = f"code {code} {_found(said, it.message_field) or ''}".strip()
        if str(code) in it.sent_codes:
            return answers.sent(receipt)
        if str(code) in it.duplicate_codes:
            return answers.sent(receipt, f"{detail}: was taken before")
        return answers.refused(detail) if str(code) in it.refused_codes else answers.retry(detail)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """Placeholders replaced once, all at the same time: a text that holds {secret:…} stays a text."""
    if isinstance(value, Mapping):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    pieces: list[str] = []
    rest = value
    while rest:
        before, opened, after = rest.partition("{")
        name, closed, left = after.partition("}")
        if opened and closed and name in values:
            pieces += [before, values[name]]
            rest = left
        else:
            pieces += [before, opened]
            rest = after
    return "".join(pieces)


def _found(said: Any, path: str) -> Any:
    for step in path.split("."):
        if not isinstance(said, Mapping):
            return None
        said = said.get(step)
    return None if isinstance(said, Mapping | list) else said
