"""SMS through a modem at a pseudo-terminal that speaks AT commands, or something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.oncall import gsm7
from exporters.oncall.channels import at_commands, pdu
from exporters.oncall.channels.gsm_modem import GsmModemChannel, GsmModemConfiguration
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.contracts import Result
from tests.exporters.oncall.channels.servers import MESSAGE, Modem, modem

NOW = 1_552_439_520.0
Answers = dict[str, str | Callable[[str], str]]


@contextmanager
def phone(answers: Answers | None = None) -> Iterator[tuple[Modem, GsmModemConfiguration]]:
    with modem(answers) as it:
        yield it, GsmModemConfiguration(it.port, command_seconds=0.4, sending_seconds=0.4)


def channel(configuration: GsmModemConfiguration, taken: list[Receipt] | None = None) -> GsmModemChannel:
    receipts: list[Receipt] = [] if taken is None else taken
    return GsmModemChannel(configuration, receipts.append, clock=lambda: NOW)


def report(mr: int, number: str, status: int) -> str:
    """A status report as a modem hands it over (3GPP TS 23.040, 9.2.2.3)."""
    padded = number + "F" * (len(number) % 2)
    swapped = "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))
    times = "91301380205182" * 2
    return f"07914889200026F506{mr:02X}{len(number):02X}91{swapped}{times}{status:02X}"


async def test_a_message_goes_out_as_one_pdu() -> None:
    with phone() as (it, configuration):
        one = channel(configuration)
        outcome = await one.send(MESSAGE)
        await one.aclose()
    sent = it.commands[-1]
    length = next(line for line in it.commands if line.startswith("AT+CMGS=")).removeprefix("AT+CMGS=")
    octets = bytes.fromhex(sent)
    assert outcome.result is Result.SENT
    assert outcome.receipt == f"{int(NOW)}-7"
    assert len(octets) - 1 == int(length)
    assert octets[:5].hex() == "0031000b91"
    assert octets[5:11].hex() == "4819325476f8"
    assert gsm7.decode(gsm7.unpack(octets[15:], octets[14])) == MESSAGE.short


async def test_a_delivery_report_becomes_a_receipt() -> None:
    taken: list[Receipt] = []
    with phone() as (it, configuration):
        one = channel(configuration, taken)
        outcome = await one.send(MESSAGE)
        it.say(f"\r\n+CDS: 25\r\n{report(7, '84912345678', 0)}\r\n")
        await one.send(replace(MESSAGE, key="next"))
        await one.aclose()
    assert taken == [Receipt("modem", outcome.receipt, Result.DELIVERED)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (report(7, "84912345678", 0x46), Result.REFUSED),
        (report(7, "84912345678", 0x30), None),
        (report(8, "84912345678", 0), None),
        (report(7, "84900000000", 0), None),
        ("not hexadecimal", None),
        ("07", None),
    ],
)
async def test_only_its_own_final_report_counts(line: str, expected: Result | None) -> None:
    taken: list[Receipt] = []
    with phone() as (it, configuration):
        one = channel(configuration, taken)
        await one.send(MESSAGE)
        it.answers["\x1a"] = "+CMGS: 9\r\n\r\nOK"
        it.say(f"\r\n+CDS: 25\r\n{line}\r\n")
        assert (await one.send(MESSAGE)).result is Result.SENT
        await one.aclose()
    assert [one.result for one in taken] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("answers", "result", "said"),
    [
        ({"AT+CPIN?": "+CME ERROR: 10"}, Result.RETRY, "no SIM card"),
        ({"AT+CPIN?": "+CME ERROR: 14"}, Result.RETRY, "the SIM card is busy"),
        ({"AT+CPIN?": "+CPIN: SIM PUK\r\n\r\nOK"}, Result.RETRY, "SIM PUK"),
        ({"AT+CPIN?": "+CPIN: SIM PIN\r\n\r\nOK"}, Result.RETRY, "SIM PIN"),
        ({"AT+CREG?": "+CREG: 0,2\r\n\r\nOK"}, Result.RETRY, "not registered"),
        ({"AT+CREG?": "nonsense\r\n\r\nOK"}, Result.RETRY, "not registered"),
        ({"AT+CMGS": "+CMS ERROR: 314"}, Result.RETRY, "SIM card is busy"),
        ({"AT+CMGS": ""}, Result.RETRY, "does not ask for the text"),
        ({"\x1a": "+CMS ERROR: 38"}, Result.RETRY, "network out of order"),
        ({"\x1a": "+CMS ERROR: 1"}, Result.REFUSED, "+CMS ERROR: 1"),
        ({"\x1a": "ERROR"}, Result.RETRY, "ERROR"),
        ({"\x1a": ""}, Result.RETRY, "may have been sent"),
        ({"\x1a": "+CMGS: 7"}, Result.RETRY, "may have been sent"),
        ({"\x1a": "OK"}, Result.RETRY, "without a message reference"),
        ({"AT+CMGF": "ERROR"}, Result.RETRY, "ERROR"),
        ({"AT": ""}, Result.RETRY, "no answer to AT"),
    ],
)
async def test_what_the_modem_says_decides(answers: Answers, result: Result, said: str) -> None:
    with phone(answers) as (_, configuration):
        one = channel(configuration)
        outcome = await one.send(MESSAGE)
        await one.aclose()
    assert outcome.result is result
    assert said in outcome.detail


async def test_a_modem_without_reports_still_sends() -> None:
    with phone({"AT+CNMI": "ERROR", "AT+CMEE": "+CME ERROR: 4"}) as (_, configuration):
        one = channel(configuration)
        assert (await one.send(MESSAGE)).result is Result.SENT
        await one.aclose()


async def test_the_pin_is_given_once_and_a_wrong_one_never_again() -> None:
    locked: Answers = {"AT+CPIN?": "+CPIN: SIM PIN\r\n\r\nOK", "AT+CPIN=": "+CME ERROR: 16"}
    with phone(locked) as (it, configuration):
        one = channel(replace(configuration, pin="1234"))
        first, second = await one.send(MESSAGE), await one.send(MESSAGE)
        await one.aclose()
    assert [line for line in it.commands if line.startswith("AT+CPIN=")] == ['AT+CPIN="1234"']
    assert "wrong PIN" in first.detail
    assert "not tried again" in second.detail
    assert "1234" not in repr((first, second, replace(configuration, pin="1234")))


async def test_echo_and_news_of_the_modem_are_passed_over() -> None:
    noisy: Answers = {
        "AT+CREG?": 'AT+CREG?\r\n^RSSI: 17\r\nRING\r\n+CREG: 2,5,"1A2B","3C4D"\r\n\r\nOK',
        "\x1a": '^BOOT:1,0\r\n+CMTI: "SM",3\r\n+CMGS: 12\r\n\r\nOK',
    }
    with phone(noisy) as (_, configuration):
        one = channel(configuration)
        outcome = await one.send(MESSAGE)
        await one.aclose()
    assert outcome.receipt.endswith("-12")


async def test_a_modem_pulled_out_is_tried_again() -> None:
    with phone() as (_, configuration):
        one = channel(configuration)
        assert (await one.send(MESSAGE)).result is Result.SENT
    outcome = await one.send(MESSAGE)
    assert outcome.result is Result.RETRY
    assert (await one.send(MESSAGE)).result is Result.RETRY
    await one.aclose()


async def test_no_modem_at_all() -> None:
    one = channel(GsmModemConfiguration("/dev/nowhere-at-all"))
    outcome = await one.send(MESSAGE)
    await one.aclose()
    assert outcome.result is Result.RETRY
    assert outcome.detail.startswith("serial port: ")


@pytest.mark.parametrize(("to", "short"), [("x", "a"), ("0912345678", "ế"), ("0912345678", "a" * 161)])
async def test_what_cannot_be_sent_is_refused_before_the_modem(to: str, short: str) -> None:
    one = channel(GsmModemConfiguration("/dev/nowhere-at-all"))
    assert (await one.send(replace(MESSAGE, to=to, short=short))).result is Result.REFUSED
    await one.aclose()


def test_a_pdu_is_that_of_the_standard() -> None:
    found = pdu.submit("46708251358", "hellohello")
    assert found.text == "0031000B916407281553F8000047" + "0AE8329BFD4697D9EC37"
    assert found.length == 23


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda data: data.hex()))
def test_a_status_report_or_an_error(text: str) -> None:
    try:
        found = pdu.status_report(text)
    except pdu.PduError:
        return
    assert 0 <= found.reference <= 255
    assert found.number.isdigit()


@given(st.binary(max_size=300), st.data())
def test_lines_are_the_same_whole_and_byte_by_byte(data: bytes, draw: st.DataObject) -> None:
    # The prompt is a line as soon as it stands alone: where bytes are cut matters to nothing else.
    quiet = data.replace(b">", b"")
    whole = at_commands.LineReader().feed(quiet + b"\r")
    reader = at_commands.LineReader()
    cut = draw.draw(st.integers(0, len(quiet)))
    pieces = [line for piece in (quiet[:cut], quiet[cut:], b"\r") for line in reader.feed(piece)]
    assert pieces == whole
    for line in whole:
        at_commands.final(line)
    at_commands.reference(whole)
    at_commands.registration(whole)


def test_a_line_without_end_is_dropped_and_counted() -> None:
    reader = at_commands.LineReader()
    assert reader.feed(b"x" * 5000) == []
    assert reader.dropped == 1
    assert reader.feed(b"OK\r\n") == ["OK"]
