"""Letters to a mail server that speaks RFC 5321, and to one that does not."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

import pytest

from exporters.oncall.channels.email import EmailChannel, EmailConfiguration
from exporters.oncall.contracts import Outcome, Result
from tests.exporters.oncall.channels.servers import MESSAGE, smtp_server

TO = replace(MESSAGE, to="binh@vinhtuong.gov.vn")


def channel(port: int, **more: object) -> EmailChannel:
    it = EmailConfiguration("127.0.0.1", "Thông Suốt <ts@vinhtuong.gov.vn>", port, "none", timeout_seconds=1)
    return EmailChannel(replace(it, **more))  # type: ignore[arg-type]


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with smtp_server() as server:
        outcome = await channel(server.port).send(TO)
    letter = email.message_from_bytes(server.letters[0], policy=email.policy.SMTP)
    body = letter.get_body()
    assert outcome.result is Result.SENT
    assert letter["Subject"] == TO.subject
    assert letter["To"] == "binh@vinhtuong.gov.vn"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"] == outcome.receipt
    assert body is not None
    assert "Mất kết nối từ 08:12 (5 phút)." in body.get_content()


async def test_the_same_notice_is_the_same_letter() -> None:
    async with smtp_server() as server:
        first, again = await channel(server.port).send(TO), await channel(server.port).send(TO)
        other = await channel(server.port).send(replace(TO, key="18"))
    assert first.receipt == again.receipt != other.receipt


@pytest.mark.parametrize(
    ("replies", "result"),
    [
        ({"RCPT": b"550 5.1.1 no such user\r\n"}, Result.REFUSED),
        ({"RCPT": b"450 4.2.1 try later\r\n"}, Result.RETRY),
        ({"MAIL": b"530 authenticate first\r\n"}, Result.RETRY),
        ({".": b"552 too much mail\r\n"}, Result.REFUSED),
        ({".": b"451 local error\r\n"}, Result.RETRY),
        ({"DATA": b"421 closing\r\n"}, Result.RETRY),
        ({"": b"554 no service\r\n"}, Result.RETRY),
        ({"": b"\x00\xff rubbish\r\n"}, Result.RETRY),
        ({"EHLO": b"250-half an answ"}, Result.RETRY),
        ({"RCPT": b""}, Result.RETRY),
        ({"": b"x" * 70_000 + b"\r\n"}, Result.RETRY),
    ],
)
async def test_what_the_server_says_decides(replies: dict[str, bytes], result: Result) -> None:
    async with smtp_server(replies) as server:
        outcome = await channel(server.port).send(TO)
    assert outcome.result is result, outcome


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with smtp_server() as server:
        port = server.port
    assert (await channel(port).send(TO)).result is Result.RETRY


async def test_a_server_without_tls_is_not_sent_the_password() -> None:
    async with smtp_server() as server:
        outcome = await channel(server.port, security="starttls", user="ts", password="secret-word").send(TO)
    assert outcome.result is Result.RETRY
    assert not any("AUTH" in one for one in server.commands)
    assert "secret-word" not in repr(outcome)


@pytest.mark.parametrize("to", ["", "binh", "a@b\r\nBcc: c@d", "a@b, c@d", "\x00@x", "A <a@b>"])
async def test_no_address_leaves_no_letter(to: str) -> None:
    async with smtp_server() as server:
        outcome: Outcome = await channel(server.port).send(replace(TO, to=to))
    assert outcome.result is Result.REFUSED
    assert server.letters == []


def test_the_password_is_in_no_text() -> None:
    assert "geheim" not in repr(EmailConfiguration("h", "s", password="geheim"))
