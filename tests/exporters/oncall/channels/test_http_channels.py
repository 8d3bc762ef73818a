"""Webhook, Zalo bot, ZNS and SMS gateway against servers that answer as documented, wrongly, half or not at all."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.oncall.channels import answers, sms_http, zalo_bot, zalo_zns
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.channels.sms_http import PRESETS, SmsHttpChannel, SmsHttpConfiguration
from exporters.oncall.channels.telephone import digits, national, plus
from exporters.oncall.channels.webhook import SIGNATURE, WebhookChannel, WebhookConfiguration
from exporters.oncall.channels.zalo_bot import ZaloBotChannel, ZaloBotConfiguration
from exporters.oncall.channels.zalo_token import TokenFile, ZaloToken
from exporters.oncall.channels.zalo_zns import ZnsChannel, ZnsConfiguration
from exporters.oncall.contracts import Channel, Outcome, Result
from tests.exporters.oncall.channels.servers import MESSAGE, http_server, ok, raw

NOW = 1_552_439_520.0
TOKEN = "12345:token-of-the-bot"
MakeChannel = Callable[[str, httpx.AsyncClient, Path], Channel]


def webhook(url: str, client: httpx.AsyncClient, _: Path) -> Channel:
    return WebhookChannel(WebhookConfiguration((f"{url}/hooks",), "signing-secret", timeout_seconds=0.3), client)


def zalo(url: str, client: httpx.AsyncClient, _: Path) -> Channel:
    return ZaloBotChannel(ZaloBotConfiguration(TOKEN, url, timeout_seconds=0.3), client)


def zns(url: str, client: httpx.AsyncClient, folder: Path) -> ZnsChannel:
    file = TokenFile(folder / "zalo.json", "first-refresh", Path.write_bytes)
    token = ZaloToken(
        app_id="42", app_secret="app-secret", file=file, client=client, clock=lambda: NOW, url=f"{url}/token"
    )
    it = ZnsConfiguration("330875", {"dia_diem": "place", "vi_sao": "cause", "link": "link"}, url=f"{url}/zns")
    return ZnsChannel(replace(it, timeout_seconds=0.3), token, client)


def esms(url: str, client: httpx.AsyncClient, _: Path) -> SmsHttpChannel:
    preset = {**PRESETS["esms"], "url": f"{url}/sms", "timeout_seconds": 0.3}
    secrets = {"api_key": "KEY", "secret_key": "SECRET", "brandname": "UBND"}
    return SmsHttpChannel(SmsHttpConfiguration(**preset, secrets=secrets), client)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as it:
        yield it


CHANNELS: dict[str, MakeChannel] = {"webhook": webhook, "zalo": zalo, "zns": zns, "sms": esms}
GIVES_TOKEN = ok({"access_token": "A1", "refresh_token": "R2", "expires_in": "90000"})


async def sent_by(
    name: str, client: httpx.AsyncClient, folder: Path, *said: bytes | None
) -> tuple[Outcome, list[bytes]]:
    """Through a server that says that; the ZNS channel gets its token first."""
    script = [GIVES_TOKEN, *said] if name == "zns" else list(said)
    async with http_server(*script) as server:
        message = replace(MESSAGE, to=f"{server.url}/hooks/a") if name == "webhook" else MESSAGE
        outcome = await CHANNELS[name](server.url, client, folder).send(message)
    return outcome, [one.body for one in server.requests]


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok": tr',
        b"\x00\xff\xfe rubbish",
        raw(b"Bad gateway", "502 Bad Gateway"),
        raw(b"", "503 Service Unavailable"),
        raw(b"too many", "429 Too Many Requests"),
    ],
)
async def test_what_may_pass_is_tried_again(
    name: str, answer: bytes | None, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    outcome, _ = await sent_by(name, client, tmp_path, answer)
    assert outcome.result is Result.RETRY, outcome
    assert outcome.detail


@pytest.mark.parametrize("name", ["zalo", "zns", "sms"])
@pytest.mark.parametrize(
    "body", [b"", b"<html>ok</html>", b"[]", b"1", b"{}", b'{"ok": "yes", "error": true}', b"[" * 9000]
)
async def test_an_answer_of_somebody_else_is_no_success(
    name: str, body: bytes, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    outcome, _ = await sent_by(name, client, tmp_path, raw(body))
    assert outcome.result is Result.RETRY


@pytest.mark.parametrize("name", CHANNELS)
async def test_a_redirect_is_not_followed(name: str, client: httpx.AsyncClient, tmp_path: Path) -> None:
    there = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    outcome, bodies = await sent_by(name, client, tmp_path, there)
    assert outcome.result is Result.REFUSED
    assert len(bodies) == (2 if name == "zns" else 1)


@pytest.mark.parametrize("name", CHANNELS)
async def test_an_endless_answer_is_cut(name: str, client: httpx.AsyncClient, tmp_path: Path) -> None:
    outcome, _ = await sent_by(name, client, tmp_path, raw(b"x" * 200_000, "500 Oh"))
    assert outcome.result is Result.RETRY


async def test_a_webhook_is_signed_and_names_its_key(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with http_server(ok({"id": "abc"}, "201 Created")) as server:
        outcome = await webhook(server.url, client, tmp_path).send(replace(MESSAGE, to=f"{server.url}/hooks/a?b=c"))
    request = server.requests[0]
    made = hmac.new(b"signing-secret", request.body, hashlib.sha256).hexdigest()
    assert outcome == Outcome(Result.SENT, "abc")
    assert request.line == "POST /hooks/a?b=c HTTP/1.1"
    assert request.headers[SIGNATURE.lower()] == f"sha256={made}"
    assert request.json["key"] == MESSAGE.key
    assert request.json["place"] == "Xã Kim Xá"
    assert len(request.headers["idempotency-key"]) == 32


@pytest.mark.parametrize(
    "path", ["/", "/hooksx", "/hooks/../admin", "/hooks/%2e%2e/x", "/other", "@evil/hooks", "/hooks/a\nb", "\\hooks"]
)
async def test_a_contact_cannot_make_the_hub_call_anything_else(
    path: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with http_server(ok({})) as server:
        outcome = await webhook(server.url, client, tmp_path).send(replace(MESSAGE, to=f"{server.url}{path}"))
    assert outcome.result is Result.REFUSED
    assert server.requests == []


@pytest.mark.parametrize("status", ["400 Bad Request", "410 Gone", "422 No"])
async def test_a_webhook_that_does_not_want_it_is_believed(
    status: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    outcome, _ = await sent_by("webhook", client, tmp_path, raw(b"", status))
    assert outcome.result is Result.REFUSED


async def test_the_bot_sends_text_and_keeps_the_number_of_the_message(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    said = ok({"ok": True, "result": {"message_id": "82599fa32f56d00e8941", "date": 1749632637199}})
    async with http_server(said) as server:
        outcome = await zalo(server.url, client, tmp_path).send(replace(MESSAGE, to="abc.xyz"))
    assert server.requests[0].line == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    assert server.requests[0].json == {"chat_id": "abc.xyz", "text": MESSAGE.text}
    assert outcome == Outcome(Result.SENT, "82599fa32f56d00e8941")


@pytest.mark.parametrize(
    ("code", "result"),
    [(400, Result.REFUSED), (401, Result.RETRY), (404, Result.RETRY), (408, Result.RETRY), (429, Result.RETRY)],
)
async def test_errors_of_the_bot_come_with_status_200_too(
    code: int, result: Result, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    said = ok({"ok": False, "error_code": code, "description": "x"})
    outcome, _ = await sent_by("zalo", client, tmp_path, said)
    assert outcome.result is result
    assert TOKEN not in repr(outcome)


async def test_a_long_text_keeps_its_link(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with http_server(ok({"ok": True, "result": {}})) as server:
        await zalo(server.url, client, tmp_path).send(replace(MESSAGE, text="x" * 5000))
    text = server.requests[0].json["text"]
    assert len(text) == zalo_bot.MAX_CHARACTERS
    assert text.endswith(f"…\n{MESSAGE.link}")


async def test_zns_fills_the_template(client: httpx.AsyncClient, tmp_path: Path) -> None:
    done = ok({"error": 0, "message": "Success", "data": {"msg_id": "a4d0243feee163bd3af2", "sent_time": "1"}})
    async with http_server(GIVES_TOKEN, done) as server:
        outcome = await zns(server.url, client, tmp_path).send(MESSAGE)
    token, request = server.requests
    assert outcome == Outcome(Result.SENT, "a4d0243feee163bd3af2")
    assert token.headers["secret_key"] == "app-secret"
    assert token.body == b"app_id=42&grant_type=refresh_token&refresh_token=first-refresh"
    assert request.headers["access_token"] == "A1"
    assert request.json["phone"] == "84912345678"
    assert request.json["template_id"] == "330875"
    assert request.json["template_data"] == {"dia_diem": "Xã Kim Xá", "vi_sao": "–", "link": MESSAGE.link}
    assert len(request.json["tracking_id"]) == 32


@pytest.mark.parametrize(
    ("code", "result", "after"),
    [
        (-118, Result.REFUSED, None),
        (-108, Result.REFUSED, None),
        (-133, Result.RETRY, 1800.0),
        (-144, Result.RETRY, 3600.0),
        (-100, Result.RETRY, 30.0),
        (-135, Result.RETRY, None),
        (99999, Result.RETRY, None),
    ],
)
async def test_codes_of_zns_decide(
    code: int, result: Result, after: float | None, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    outcome, _ = await sent_by("zns", client, tmp_path, ok({"error": code, "message": "m"}))
    assert (outcome.result, outcome.retry_after) == (result, after)


async def test_a_revoked_token_is_renewed_once_and_kept(client: httpx.AsyncClient, tmp_path: Path) -> None:
    again = ok({"access_token": "A2", "refresh_token": "R3", "expires_in": 90000})
    done = ok({"error": 0, "data": {"msg_id": "m"}})
    async with http_server(GIVES_TOKEN, ok({"error": -124}), again, done) as server:
        outcome = await zns(server.url, client, tmp_path).send(MESSAGE)
    assert outcome.result is Result.SENT
    assert b"refresh_token=R2" in server.requests[2].body
    assert server.requests[3].headers["access_token"] == "A2"
    kept = json.loads((tmp_path / "zalo.json").read_bytes())
    assert (kept["access"], kept["refresh"]) == ("A2", "R3")


async def test_after_a_restart_the_kept_token_serves(client: httpx.AsyncClient, tmp_path: Path) -> None:
    done = ok({"error": 0, "data": {"msg_id": "m"}})
    async with http_server(GIVES_TOKEN, done, done) as server:
        await zns(server.url, client, tmp_path).send(MESSAGE)
        outcome = await zns(server.url, client, tmp_path).send(MESSAGE)
    assert outcome.result is Result.SENT
    assert [one.line.split(" ")[1] for one in server.requests] == ["/token", "/zns", "/zns"]


async def test_without_a_token_the_administrator_is_told(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with http_server(ok({"error": -14014, "error_name": "Invalid refresh token."})) as server:
        outcome = await zns(server.url, client, tmp_path).send(MESSAGE)
    assert outcome.result is Result.RETRY
    assert outcome.detail == "Zalo gives no token (-14014 Invalid refresh token.): get a new refresh token"


def test_zns_delivery_events_are_receipts() -> None:
    told = {"msg_id": "a4d0", "delivery_time": "1"}
    event = {"event_name": "user_received_message", "message": told}
    assert zalo_zns.receipt(event) == Receipt("zns", "a4d0", Result.DELIVERED)
    assert zalo_zns.receipt({"event_name": "user_received_message", **told}) == zalo_zns.receipt(event)
    assert zalo_zns.receipt({"event_name": "follow"}) is None
    assert zalo_zns.receipt({**event, "message": {**told, "msg_id": 7}}) is None
    assert zalo_zns.receipt({**event, "message": {"msg_id": "a4d0"}}) is None
    mac = hashlib.sha256(b"42" + b"{}" + b"99" + b"oa").hexdigest()
    assert zalo_zns.is_signed(b"{}", f"mac={mac}", "42", "99", "oa")
    assert not zalo_zns.is_signed(b"{ }", f"mac={mac}", "42", "99", "oa")
    assert not zalo_zns.is_signed(b"{}", "mac=ấ", "42", "99", "")


async def test_the_gateway_gets_what_its_documentation_names(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with http_server(ok({"CodeResult": "100", "SMSID": "d533"})) as server:
        outcome = await esms(server.url, client, tmp_path).send(MESSAGE)
    assert outcome == Outcome(Result.SENT, "d533")
    said = server.requests[0].json
    key = said.pop("RequestId")
    assert len(key) == 32
    assert said == {
        "ApiKey": "KEY",
        "SecretKey": "SECRET",
        "Brandname": "UBND",
        "SmsType": "2",
        "IsUnicode": "0",
        "Phone": "0912345678",
        "Content": MESSAGE.short,
    }


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("101", Result.RETRY),
        ("103", Result.RETRY),
        ("108", Result.REFUSED),
        ("146", Result.REFUSED),
        (124, Result.SENT),
    ],
)
async def test_codes_of_the_gateway_decide(
    code: object, result: Result, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    outcome, _ = await sent_by("sms", client, tmp_path, ok({"CodeResult": code, "ErrorMessage": "x"}))
    assert outcome.result is result


@pytest.mark.parametrize(
    ("body", "line"), [("form", "POST /s HTTP/1.1"), ("query", "GET /s?to=%2B84912345678&m=a+b HTTP/1.1")]
)
async def test_gateways_of_other_kinds(body: str, line: str, client: httpx.AsyncClient) -> None:
    async with http_server(raw(b"OK")) as server:
        it = SmsHttpConfiguration(
            f"{server.url}/s",
            {"to": "{to}", "m": "{text}"},
            method="GET" if body == "query" else "POST",
            body=body,
            headers={"Authorization": "Bearer {secret:key}"},
            secrets={"key": "abc"},
            numbers="plus",
        )
        outcome = await SmsHttpChannel(it, client).send(replace(MESSAGE, short="a b"))
    assert outcome.result is Result.SENT
    assert server.requests[0].line == line
    assert server.requests[0].headers["authorization"] == "Bearer abc"
    assert server.requests[0].body == (b"to=%2B84912345678&m=a+b" if body == "form" else b"")


async def test_a_text_cannot_ask_for_a_secret(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with http_server(ok({"CodeResult": "100"})) as server:
        await esms(server.url, client, tmp_path).send(replace(MESSAGE, short="{secret:api_key} {to} {"))
    assert server.requests[0].json["Content"] == "{secret:api_key} {to} {"


def test_callbacks_of_the_gateway_are_receipts() -> None:
    it = SmsHttpChannel(SmsHttpConfiguration(**{**PRESETS["esms"], "url": "http://x"}), httpx.AsyncClient())
    assert it.receipt({"SMSID": "7", "SendStatus": "5"}) == Receipt("sms", "7", Result.DELIVERED)
    failed = it.receipt({"SMSID": 7, "SendStatus": 4})
    assert failed is not None
    assert failed.result is Result.REFUSED
    assert it.receipt({"SMSID": "7", "SendStatus": "2"}) is None
    assert it.receipt({"SendStatus": "5"}) is None
    assert it.receipt({"SMSID": {"a": 1}, "SendStatus": "5"}) is None


@pytest.mark.parametrize("name", ["zns", "sms"])
@pytest.mark.parametrize("to", ["", "binh@x", "12", "0912x345678", "+84 91"])
async def test_no_telephone_number_is_refused_unsent(
    name: str, to: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with http_server(ok({})) as server:
        outcome = await CHANNELS[name](server.url, client, tmp_path).send(replace(MESSAGE, to=to))
    assert outcome.result is Result.REFUSED
    assert server.requests == []


@pytest.mark.parametrize(
    "number", ["0912345678", "+84 912-345-678", "84912345678", "0084912345678", "(091) 234.5678"]
)
def test_numbers_are_understood_as_people_write_them(number: str) -> None:
    assert (digits(number), national(number), plus(number)) == ("84912345678", "0912345678", "+84912345678")


@given(st.text(max_size=60))
def test_retry_after_is_bounded(text: str) -> None:
    seconds = answers.retry_after(text, NOW)
    assert seconds is None or 0 <= seconds <= 3600


def test_retry_after_as_a_date() -> None:
    assert answers.retry_after("Wed, 13 Mar 2019 01:13:00 GMT", NOW) == 60
    assert answers.retry_after("7", NOW) == 7


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_KEYS = st.sampled_from(["ok", "result", "error_code", "error", "data", "msg_id", "CodeResult", "SMSID", "message"])


@given(st.dictionaries(_KEYS, _JSON))
def test_no_answer_breaks_the_reading(said: dict[str, object]) -> None:
    response = httpx.Response(200, json=said)
    assert zalo_bot._outcome(response).result in Result
    found = zalo_zns._outcome(response)
    assert found is None or found.result in Result
    preset = SmsHttpConfiguration(**{**PRESETS["esms"], "url": "http://x"})
    channel = sms_http.SmsHttpChannel(preset, None)  # type: ignore[arg-type]
    assert channel._outcome(response).result in Result
    channel.receipt(said)
    zalo_zns.receipt(said)
