"""A GSM modem at a serial port: the one way out that needs no Internet.

One thread owns the port and one message is under way at a time. Delivery reports come whenever they like: they are
read before each message and by `listen`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import serial

from exporters.oncall.channels import at_commands, pdu
from exporters.oncall.channels.answers import refused, retry, sent
from exporters.oncall.channels.receipts import Receipt, TakeReceipt, forget
from exporters.oncall.channels.telephone import digits
from exporters.oncall.contracts import Message, Outcome, Result

logger = logging.getLogger(__name__)

LISTEN_SECONDS = 5.0
READ_SECONDS = 0.05
MAX_LINES_AN_ANSWER = 200


@dataclass(frozen=True, slots=True)
class GsmModemConfiguration:
    """`port`: best a name that stays, /dev/serial/by-id/…. `service_centre`: only when the SIM card has none."""

    port: str
    baud_rate: int = 115200
    pin: str = field(default="", repr=False)
    service_centre: str = ""
    per_minute: int = 6
    command_seconds: float = 5.0
    sending_seconds: float = 30.0


class Port(Protocol):
    """As much of `serial.Serial` as is used. `read` waits READ_SECONDS for so many bytes."""

    @property
    def in_waiting(self) -> int: ...
    def read(self, size: int) -> bytes: ...
    def write(self, data: bytes) -> int | None: ...
    def close(self) -> None: ...


OpenPort = Callable[[GsmModemConfiguration], Port]


def open_serial(configuration: GsmModemConfiguration) -> Port:
    """Raises OSError (serial.SerialException is one)."""
    port: Port = serial.Serial(
        configuration.port,
        configuration.baud_rate,
        timeout=READ_SECONDS,
        write_timeout=configuration.command_seconds,
        exclusive=True,
    )
    return port


class ModemError(Exception):
    """The modem answers something else than it should; `outcome` says what that means for the message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class SilenceError(ModemError):
    """It does not answer: it is set up anew before the next message."""


class GsmModemChannel:
    name = "modem"
    needs_internet = False

    def __init__(
        self,
        configuration: GsmModemConfiguration,
        take_receipt: TakeReceipt = forget,
        open_port: OpenPort = open_serial,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.per_minute = configuration.per_minute
        self._closing = threading.Event()
        self._modem = _Modem(configuration, open_port, self._closing, clock)
        self._take_receipt = take_receipt
        self._thread = ThreadPoolExecutor(1, "gsm-modem")

    async def send(self, message: Message) -> Outcome:
        number = digits(message.to)
        if number is None:
            return refused("not a telephone number")
        try:
            submit = pdu.submit(number, message.short)
        except ValueError as error:
            return refused(str(error))
        if self._closing.is_set():
            return retry("the modem is being closed")
        loop = asyncio.get_running_loop()
        outcome = await loop.run_in_executor(self._thread, self._modem.send, submit, number)
        self._hand_on()
        return outcome

    async def listen(self) -> None:
        """Until cancelled: delivery reports that come while nothing is sent."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LISTEN_SECONDS)
            await loop.run_in_executor(self._thread, self._modem.drain)
            self._hand_on()

    async def aclose(self) -> None:
        self._closing.set()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._modem.close)
        self._thread.shutdown(wait=False)

    def _hand_on(self) -> None:
        for one in self._modem.taken_receipts():
            self._take_receipt(one)


class _Modem:
    """Lives in one thread. Every wait ends: by its deadline or because the channel closes."""

    def __init__(
        self,
        configuration: GsmModemConfiguration,
        open_port: OpenPort,
        closing: threading.Event,
        clock: Callable[[], float],
    ) -> None:
        self._configuration = configuration
        self._open_port = open_port
        self._closing = closing
        self._clock = clock
        self._port: Port | None = None
        self._reader = at_commands.LineReader()
        self._report_follows = False
        self._sent: dict[int, tuple[str, str]] = {}
        self._receipts: list[Receipt] = []
        self._pin_refused = False

    def send(self, submit: pdu.Submit, number: str) -> Outcome:
        try:
            self._ready()
            stat = at_commands.registration(self._command("AT+CREG?"))
            if stat not in at_commands.REGISTERED:
                raise ModemError(retry(f"not registered in the network (+CREG {stat})", at_commands.BUSY_SECONDS))
            mr = self._transmit(submit)
        except ModemError as error:
            if isinstance(error, SilenceError):
                self.close()
            return error.outcome
        except (OSError, serial.SerialException) as error:
            self.close()
            return retry(f"serial port: {type(error).__name__}: {error}")
        receipt = f"{int(self._clock())}-{mr}"
        self._sent[mr] = (receipt, number)
        return sent(receipt)

    def drain(self) -> None:
        """Read what came by itself; a port that has gone is opened by the next message."""
        if self._port is None:
            return
        try:
            self._lines()
        except (OSError, serial.SerialException):
            self.close()

    def taken_receipts(self) -> list[Receipt]:
        taken, self._receipts = self._receipts, []
        return taken

    def close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    def _ready(self) -> None:
        if self._port is None:
            port = self._open_port(self._configuration)
            self._port = port
            self._reader = at_commands.LineReader()
            self._report_follows = False
            try:
                self._set_up()
            except ModemError:
                self.close()
                raise
        self._lines()

    def _set_up(self) -> None:
        # A prompt left open by whoever used the modem before would swallow the first command.
        self._write(at_commands.ESCAPE + b"\r")
        self._lines()
        for attempt in range(3):
            try:
                self._command("AT")
                break
            except ModemError:
                if attempt == 2:
                    raise
        self._command("ATE0")
        self._command("AT+CMEE=1", must=False)
        self._unlock()
        self._command("AT+CMGF=0")
        if self._configuration.service_centre:
            self._command(f'AT+CSCA="{self._configuration.service_centre}"')
        # Without reports a message counts as sent, never as delivered.
        self._command("AT+CNMI=2,1,0,1,0", must=False)

    def _unlock(self) -> None:
        lines = self._command("AT+CPIN?")
        state = next((line.partition(":")[2].strip() for line in lines if line.startswith("+CPIN:")), "")
        if state == "READY":
            return
        if state != "SIM PIN" or not self._configuration.pin:
            raise ModemError(retry(f"the SIM card is not ready: {state or 'no answer'}"))
        if self._pin_refused:
            # Three wrong attempts lock the card: one is all it gets until somebody mends the PIN and restarts.
            raise ModemError(retry("the SIM card refused the configured PIN; it is not tried again"))
        try:
            self._command(f'AT+CPIN="{self._configuration.pin}"')
        except ModemError:
            self._pin_refused = True
            raise

    def _transmit(self, submit: pdu.Submit) -> int:
        self._write(f"AT+CMGS={submit.length}\r".encode())
        try:
            self._until_prompt()
        except ModemError:
            self._write(at_commands.ESCAPE)
            raise
        self._write(submit.text.encode() + at_commands.CTRL_Z)
        lines = self._answer(self._configuration.sending_seconds, "the network took too long; it may have been sent")
        mr = at_commands.reference(lines)
        if mr is None:
            raise ModemError(retry("the modem says OK without a message reference"))
        return mr

    def _until_prompt(self) -> None:
        deadline = time.monotonic() + self._configuration.command_seconds
        while time.monotonic() < deadline and not self._closing.is_set():
            for line in self._lines():
                if line == at_commands.PROMPT:
                    return
                end = at_commands.final(line)
                if end is not None and not end.ok:
                    raise ModemError(end.outcome)
        raise SilenceError(retry("the modem does not ask for the text"))

    def _command(self, text: str, must: bool = True) -> list[str]:
        self._write(text.encode() + b"\r")
        name = "AT+CPIN" if text.startswith("AT+CPIN=") else text
        try:
            return self._answer(self._configuration.command_seconds, f"no answer to {name}")
        except ModemError:
            if must:
                raise
            return []

    def _answer(self, seconds: float, otherwise: str) -> list[str]:
        found: list[str] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._closing.is_set():
            for line in self._lines():
                end = at_commands.final(line)
                if end is None:
                    found.append(line)
                elif end.ok:
                    return found
                else:
                    raise ModemError(end.outcome)
            if len(found) > MAX_LINES_AN_ANSWER:
                raise SilenceError(retry("the modem talks without end"))
        raise SilenceError(retry(otherwise))

    def _lines(self) -> list[str]:
        """What has come; delivery reports are taken out."""
        if self._port is None:
            raise ModemError(retry("the port was closed"))
        kept: list[str] = []
        data = self._port.read(1)
        data += self._port.read(self._port.in_waiting) if data else b""
        for line in self._reader.feed(data):
            if self._report_follows:
                self._report_follows = False
                self._report(line)
            elif line.startswith("+CDS:"):
                self._report_follows = True
            else:
                kept.append(line)
        return kept

    def _report(self, line: str) -> None:
        try:
            report = pdu.status_report(line)
        except pdu.PduError as error:
            logger.warning("x +CDS of the modem: %s", error)
            return
        receipt, number = self._sent.get(report.reference, ("", ""))
        # References run to 255 and start again: the number must be the same too.
        if not report.is_final or number != report.number:
            return
        del self._sent[report.reference]
        result = Result.DELIVERED if report.is_delivered else Result.REFUSED
        detail = "" if report.is_delivered else f"not delivered: TP-Status 0x{report.status:02x}"
        self._receipts.append(Receipt("modem", receipt, result, detail))

    def _write(self, data: bytes) -> None:
        if self._port is None:
            raise ModemError(retry("the port was closed"))
        self._port.write(data)
