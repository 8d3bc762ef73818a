"""SMS as a modem takes and gives them in PDU mode (3GPP TS 23.040): one message out, status reports in. Pure.

PDU mode and not text mode: hexadecimal digits pass through every modem's character set unharmed.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporters.oncall import gsm7

MAX_SEPTETS = 160
VALID_SIX_HOURS = 71
"""TP-Validity-Period, relative (9.2.3.12.1): an alert that comes a day later helps nobody."""
_SUBMIT = 0x01
_RELATIVE_VALIDITY = 0x10
_STATUS_REPORT_REQUEST = 0x20
_TYPE_MASK, _STATUS_REPORT = 0x03, 0x02
_INTERNATIONAL = 0x91


class PduError(Exception):
    """What came from the modem is no status report."""


@dataclass(frozen=True, slots=True)
class Submit:
    """`length`: what AT+CMGS asks for, in octets without the service centre's address."""

    text: str
    length: int


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`number`: international without plus. `status`: TP-Status (9.2.3.15)."""

    reference: int
    number: str
    status: int

    @property
    def is_delivered(self) -> bool:
        return self.status <= 0x1F

    @property
    def is_final(self) -> bool:
        """0x20–0x3F: the service centre still tries."""
        return self.is_delivered or self.status >= 0x40


def submit(number: str, text: str) -> Submit:
    """An SMS-SUBMIT that asks for a status report. `number`: international digits. Raises ValueError."""
    codes = gsm7.encode(text)
    if len(codes) > MAX_SEPTETS:
        raise ValueError(f"{len(codes)} septets do not fit into one SMS")
    if not number.isascii() or not number.isdigit() or not 3 <= len(number) <= 20:
        raise ValueError("not a telephone number")
    body = bytes((_SUBMIT | _RELATIVE_VALIDITY | _STATUS_REPORT_REQUEST, 0, len(number), _INTERNATIONAL))
    body += _semi_octets(number)
    body += bytes((0, 0, VALID_SIX_HOURS, len(codes))) + gsm7.pack(codes)
    return Submit("00" + body.hex().upper(), len(body))


def status_report(text: str) -> StatusReport:
    """Of the hexadecimal line after +CDS. Raises PduError."""
    try:
        octets = bytes.fromhex(text.strip())
        at = 1 + octets[0]
        if octets[at] & _TYPE_MASK != _STATUS_REPORT:
            raise PduError("another kind of message")
        reference, digits = octets[at + 1], octets[at + 2]
        start = at + 4
        end = start + (digits + 1) // 2
        number = "".join(f"{octet & 0x0F:x}{octet >> 4:x}" for octet in octets[start:end])[:digits]
        status = octets[end + 14]
    except (ValueError, IndexError):
        raise PduError("not a status report") from None
    if not number.isdigit():
        raise PduError("no telephone number in it")
    return StatusReport(reference, number, status)


def _semi_octets(number: str) -> bytes:
    padded = number + "F" * (len(number) % 2)
    return bytes(int(padded[index + 1] + padded[index], 16) for index in range(0, len(padded), 2))
