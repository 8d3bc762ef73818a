"""The talk with a modem (3GPP TS 27.005, 27.007) as text: lines, final results, errors by number. Reads no port."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exporters.oncall.channels.answers import refused, retry
from exporters.oncall.contracts import Outcome

MAX_LINE_BYTES = 2048
PROMPT = ">"
CTRL_Z = b"\x1a"
ESCAPE = b"\x1b"

# 27.005, 3.2.5 and 24.011, E.2: this number, or this message, never.
_NEVER = frozenset({1, 8, 21, 28, 30, 50, 69, 95, 96, 304, 305})
CMS_WORDS = {
    38: "network out of order",
    41: "temporary failure of the network",
    42: "congestion",
    301: "the modem's SMS service is reserved",
    302: "not allowed",
    310: "no SIM card",
    311: "the SIM card wants its PIN",
    313: "the SIM card is broken",
    314: "the SIM card is busy",
    316: "the SIM card is blocked (PUK)",
    321: "no such message",
    322: "memory full",
    330: "no service centre's number",
    331: "no network",
    332: "the network did not answer in time",
    500: "unknown error of the modem",
}
CME_WORDS = {
    10: "no SIM card",
    11: "the SIM card wants its PIN",
    12: "the SIM card is blocked (PUK)",
    13: "the SIM card is broken",
    14: "the SIM card is busy",
    16: "wrong PIN",
    30: "no network",
    31: "the network did not answer in time",
    32: "emergency calls only",
}
BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Final:
    """The end of an answer. `code` None: OK or ERROR without a number."""

    ok: bool
    kind: str = ""
    """CMS or CME."""
    code: int | None = None

    @property
    def words(self) -> str:
        known = (CMS_WORDS if self.kind == "CMS" else CME_WORDS).get(self.code or -1, "")
        return f"+{self.kind} ERROR: {self.code} {known}".strip() if self.kind else "ERROR"

    @property
    def outcome(self) -> Outcome:
        """Of an attempt to send that ended so."""
        if self.kind == "CMS" and self.code in _NEVER:
            return refused(self.words)
        busy = self.code == (314 if self.kind == "CMS" else 14)
        return retry(self.words, BUSY_SECONDS if busy else None)


class LineReader:
    """Bytes to lines; the prompt for a message's text is a line of its own though nothing ends it."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.dropped = 0

    def feed(self, data: bytes) -> list[str]:
        self._held += data
        lines: list[str] = []
        while match := re.search(rb"[\r\n]", self._held):
            self._take(bytes(self._held[: match.start()]), lines)
            del self._held[: match.end()]
        if self._held.strip() == PROMPT.encode():
            lines.append(PROMPT)
            self._held.clear()
        if len(self._held) > MAX_LINE_BYTES:
            self.dropped += 1
            self._held.clear()
        return lines

    def _take(self, line: bytes, lines: list[str]) -> None:
        text = line.decode("ascii", "replace").strip()
        if text:
            lines.append(text)


def final(line: str) -> Final | None:
    """None: more follows."""
    if line == "OK":
        return Final(True)
    if line in ("ERROR", "NO CARRIER", "COMMAND NOT SUPPORT"):
        return Final(False)
    match = re.fullmatch(r"\+(CMS|CME) ERROR:\s*([0-9]{1,5})", line, re.ASCII)
    if match:
        return Final(False, match[1], int(match[2]))
    return Final(False) if line.startswith(("+CMS ERROR", "+CME ERROR")) else None


def reference(lines: list[str]) -> int | None:
    """TP-Message-Reference of a +CMGS answer."""
    for line in lines:
        match = re.match(r"\+CMGS:\s*([0-9]{1,3})\b", line, re.ASCII)
        if match and int(match[1]) <= 255:
            return int(match[1])
    return None


def registration(lines: list[str]) -> int | None:
    """<stat> of a +CREG answer: 1 at home, 5 roaming, everything else cannot send."""
    for line in lines:
        match = re.match(r"\+CREG:\s*(?:[0-9],\s*)?([0-9]{1,2})\b", line, re.ASCII)
        if match:
            return int(match[1])
    return None


REGISTERED = (1, 5)
