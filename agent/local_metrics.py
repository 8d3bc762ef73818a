"""`/metrics` on loopback: the newest value of every series, in Prometheus' text format, for who looks locally.

Knows neither queue nor hub. A line's figures are of its newest window and carry no time, as all others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from math import isfinite, isnan

from agent.samples import Family, Labels, Sample, SampleSet

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
REQUEST_SECONDS = 5.0
MAX_REQUESTS_AT_ONCE = 16
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Latest:
    """The newest samples by who says them: a group that is said anew replaces its former series."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = {family.name: family for family in families}
        self._groups: dict[str, dict[tuple[str, Labels], float]] = {}

    def replace(self, group: str, samples: Iterable[Sample]) -> list[tuple[str, Labels]]:
        """The group's series that have ended by this."""
        before = self._groups.get(group, {})
        now = self._groups[group] = {(sample.name, sample.labels): sample.value for sample in samples}
        return [series for series in before if series not in now]

    def update(self, group: str, sets: Iterable[SampleSet]) -> None:
        """Newer values of some of the group's series."""
        held = self._groups.setdefault(group, {})
        for one in sets:
            held.update({(sample.name, sample.labels): sample.value for sample in one.samples})

    def forget(self, group: str) -> list[tuple[str, Labels]]:
        """The series that have ended by this."""
        return list(self._groups.pop(group, {}))

    def value(self, name: str, label: tuple[str, str]) -> float | None:
        """The newest of a series of the family with this label; None when there is none."""
        found = (
            value
            for series in self._groups.values()
            for (family, labels), value in series.items()
            if family == name and label in labels
        )
        return next(found, None)

    def text(self) -> str:
        by_family: dict[str, dict[Labels, float]] = {}
        for series in self._groups.values():
            for (name, labels), value in series.items():
                by_family.setdefault(name, {})[labels] = value
        lines: list[str] = []
        for name in sorted(by_family):
            family = self._families[name]
            lines.append(f"# HELP {name} {_escape_help(family.help)}")
            lines.append(f"# TYPE {name} {family.kind.value}")
            lines.extend(_line(name, labels, value) for labels, value in sorted(by_family[name].items()))
        return "\n".join(lines) + "\n"


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{_escape(text)}"' for label, text in labels)
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _number(value: float) -> str:
    if isfinite(value):
        return repr(value)
    if isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escape_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


class LocalMetrics:
    """HTTP/1.1, one request per connection, bounded in number, size and time."""

    def __init__(self, latest: Latest) -> None:
        self._latest = latest
        self._slots = asyncio.Semaphore(MAX_REQUESTS_AT_ONCE)

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[int | None]:
        """The port that is served, None when it is taken: the node measures on without it."""
        try:
            server = await asyncio.start_server(self._serve, HOST, port, limit=16_384)
        except OSError as error:
            logger.warning(
                "local metrics: %s:%d cannot be used (%s); going on without. --metrics-port names another",
                HOST,
                port,
                error.strerror,
            )
            yield None
            return
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._slots, asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self.answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            logger.debug("x a local request that was broken off")
        finally:
            writer.close()

    def answer(self, head: bytes) -> bytes:
        """The whole answer to a request's head."""
        words = head.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _response("400 Bad Request", "not an HTTP request\n", head=False)
        method, target = words[0], words[1].split(b"?", 1)[0]
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "only GET\n", head=False)
        if target != b"/metrics":
            return _response("404 Not Found", "the metrics are at /metrics\n", head=method == b"HEAD")
        return _response("200 OK", self._latest.text(), head=method == b"HEAD")


def _response(status: str, text: str, head: bool) -> bytes:
    body = text.encode()
    kind = _CONTENT_TYPE if status.startswith("200") else "text/plain; charset=utf-8"
    lines = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return lines.encode() + (b"" if head else body)
