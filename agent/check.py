"""`thongsuot-agent check`: what works between this machine and its hub, step by step, in words.

Looks and asks, changes nothing. Each finding is one line; what hangs on a step that failed is not tried.
"""

from __future__ import annotations

import os
import select
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent import configuration
from agent.check_words import WORDS
from agent.failure import UserError
from agent.hub_client import (
    Answer,
    HubAddress,
    HubConnection,
    HubUnreachableError,
    certificate_sha256,
    describe,
    parse_address,
    trust,
    trusting_authority,
)
from agent.probes.stamp import StampSession
from agent.probes.windows import WindowFigures
from agent.proxy import Proxy
from agent.queue import QueueVersionError, read_status
from agent.state import Identity, StateFolder
from agent.ways import proxy_for
from agent.wire.configuration import CONFIG_PATH, ConfigurationError, LineConfiguration, NodeConfiguration
from agent.wire.enrolment import parse_token
from agent.wire.remote_write import NODE_TIME_HEADER

if TYPE_CHECKING:
    import ssl

TIMEOUT_SECONDS = 5.0
CLOCK_TOLERANCE_SECONDS = 2.0
EXPIRY_WARNING_DAYS = 14
STAMP_PACKETS = 10
STAMP_PACKETS_PER_SECOND = 20
STAMP_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """`hub`, `ca_file` override what was stored at enrolment."""

    state: StateFolder
    hub: HubAddress | None = None
    ca_file: Path | None = None
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """`words`: a key of WORDS, whose texts take `values`."""

    good: bool
    words: str
    values: dict[str, object] = field(default_factory=dict)


def line(finding: Finding, language: str) -> str:
    return f"{'●' if finding.good else '✗'} {WORDS[finding.words][language].format(**finding.values)}"


def run(asked: Asked) -> Iterator[Finding]:
    """Blocking; findings come as they are made. Raises UserError when there is no hub to ask."""
    identity = asked.state.load()
    address = asked.hub or (parse_address(identity.hub) if identity else None)
    if address is None:
        raise UserError(
            f"state folder {asked.state.root}: this node is not enrolled and no hub is named; give --hub URL"
        )
    yield _folder(asked.state)
    yield _enrolled(asked, identity)
    proxy = proxy_for(address, asked.state)
    reachable = False
    # Behind a proxy only that must be reached from here; the hub's name may mean nothing on this side.
    for finding in _network(address if proxy is None else HubAddress(False, proxy.host, proxy.port)):
        reachable = finding.good
        yield finding
    if not reachable:
        yield Finding(False, "rest_not_tried")
        return
    wanted: NodeConfiguration | None = None
    context, certificate = _certificate(asked, address) if proxy is None else (_trusted(asked, address), None)
    if certificate is not None:
        yield certificate
    if certificate is None or certificate.good:
        findings, wanted = _http(address, context, identity, proxy)
        yield from findings
    if wanted is None:
        wanted = configuration.load(asked.state.configuration).configuration
    yield from _lines(wanted, address)


def _folder(state: StateFolder) -> Finding:
    root = state.root
    if not root.is_dir() or not os.access(root, os.W_OK | os.X_OK):
        return Finding(False, "folder_bad", {"path": root})
    if not state.queue.exists():
        return Finding(True, "folder_empty", {"path": root})
    try:
        status = read_status(state.queue)
    except (sqlite3.Error, QueueVersionError) as error:
        return Finding(False, "queue_bad", {"path": state.queue, "error": error})
    return Finding(True, "folder_good", {"path": root, "samples": status.samples})


def _enrolled(asked: Asked, identity: Identity | None) -> Finding:
    if identity is not None:
        return Finding(True, "enrolled", {"node": identity.node, "site": identity.site})
    if asked.token_file is not None and asked.token_file.exists():
        return Finding(True, "token_waits", {"path": asked.token_file})
    return Finding(False, "not_enrolled")


def _network(address: HubAddress) -> Iterator[Finding]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        yield Finding(False, "name_bad", {"host": address.host, "error": error.strerror or error})
        return
    yield Finding(True, "name_good", {"host": address.host, "address": found[0][4][0]})
    where = {"host": address.host, "port": address.port}
    try:
        begin = time.monotonic()
        with socket.create_connection((address.host, address.port), timeout=TIMEOUT_SECONDS):
            milliseconds = (time.monotonic() - begin) * 1000
    except OSError as error:
        yield Finding(False, "port_bad", {**where, "error": describe(error)})
    else:
        yield Finding(True, "port_good", {**where, "milliseconds": f"{milliseconds:.1f}"})


def _certificate(asked: Asked, address: HubAddress) -> tuple[ssl.SSLContext | None, Finding | None]:
    if not address.secure:
        return None, None
    import ssl

    ca_file = asked.ca_file or (asked.state.ca if asked.state.ca.exists() else None)
    expected = _token_fingerprint(asked.token_file)
    if ca_file is None and expected is not None:
        return _certificate_by_token(address, expected)
    try:
        context = trust(address, ca_file)
    except OSError as error:
        return None, Finding(False, "authority_bad", {"path": ca_file, "error": error})
    assert context is not None
    try:
        with (
            socket.create_connection((address.host, address.port), timeout=TIMEOUT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return None, Finding(False, "certificate_bad", {"error": error.verify_message})
    except OSError as error:
        return None, Finding(False, "tls_bad", {"error": describe(error)})
    expires = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((expires - time.time()) / 86_400)
    fingerprint = certificate_sha256(ca_file.read_text(encoding="ascii"))[:16] if ca_file else "–"
    name = "certificate_good" if days >= EXPIRY_WARNING_DAYS else "certificate_soon"
    return context, Finding(True, name, {"days": days, "fingerprint": fingerprint})


def _trusted(asked: Asked, address: HubAddress) -> ssl.SSLContext | None:
    """Raises UserError."""
    ca_file = asked.ca_file or (asked.state.ca if asked.state.ca.exists() else None)
    try:
        return trust(address, ca_file)
    except OSError as error:
        raise UserError(f"{ca_file}: cannot be used as certification authority ({error}); name a PEM file") from None


def _certificate_by_token(address: HubAddress, expected: str) -> tuple[ssl.SSLContext | None, Finding]:
    from agent.enrolment import fetch_authority

    try:
        pem = fetch_authority(address, expected)
    except (UserError, HubUnreachableError) as error:
        return None, Finding(False, "token_certificate_bad", {"error": error})
    context = trusting_authority(pem.decode("ascii"))
    return context, Finding(True, "token_certificate_good", {"fingerprint": expected[:16]})


def _token_fingerprint(token_file: Path | None) -> str | None:
    if token_file is None:
        return None
    try:
        return parse_token(token_file.read_text(encoding="ascii", errors="replace")).ca_sha256
    except (OSError, ValueError):
        return None


def _http(
    address: HubAddress, context: ssl.SSLContext | None, identity: Identity | None, proxy: Proxy | None
) -> tuple[list[Finding], NodeConfiguration | None]:
    connection = HubConnection(address, context, TIMEOUT_SECONDS, proxy)
    findings: list[Finding] = []
    try:
        health = connection.request("GET", "/healthz")
        if health.status != 200:
            return [Finding(False, "http_bad", {"status": health.status})], None
        findings.append(Finding(True, "http_good", {"hub": address}))
        headers = {"Authorization": f"Bearer {identity.key}"} if identity else {}
        begin = time.time()
        answer = connection.request("GET", CONFIG_PATH, headers=headers)
        offset = hub_clock_offset(answer, begin, time.time())
    except HubUnreachableError as error:
        return [*findings, Finding(False, "http_unreachable", {"error": error})], None
    finally:
        connection.close()
    wanted: NodeConfiguration | None = None
    if identity is not None:
        try:
            wanted = configuration.parse(answer) if answer.status == 200 else None
        except ConfigurationError as error:
            findings.append(Finding(False, "configuration_bad", {"error": error}))
        else:
            findings.append(
                Finding(True, "key_good") if wanted else Finding(False, "key_bad", {"status": answer.status})
            )
    findings.append(_clock(offset))
    return findings, wanted


def hub_clock_offset(answer: Answer, begin: float, end: float) -> float | None:
    """Seconds that the hub's clock is ahead of this machine's; None when the answer does not say."""
    text = answer.headers.get(NODE_TIME_HEADER.lower())
    middle = (begin + end) / 2
    try:
        if text is not None:
            return float(text) - middle
        # A Date header cuts off the fraction of its second.
        return parsedate_to_datetime(answer.headers["date"]).timestamp() + 0.5 - middle
    except (KeyError, ValueError, OverflowError):
        return None


def _clock(offset: float | None) -> Finding:
    if offset is None:
        return Finding(False, "clock_unknown")
    if abs(offset) <= CLOCK_TOLERANCE_SECONDS:
        return Finding(True, "clock_good", {"seconds": f"{offset:+.1f}"})
    name = "clock_behind" if offset > 0 else "clock_ahead"
    return Finding(False, name, {"seconds": f"{abs(offset):.0f}"})


def _lines(wanted: NodeConfiguration | None, address: HubAddress) -> Iterator[Finding]:
    if wanted is None:
        yield Finding(False, "lines_unknown")
    elif not wanted.lines:
        yield Finding(True, "lines_none")
    else:
        for one in wanted.lines:
            yield _line(one, one.stamp.host or address.host)


def _line(one: LineConfiguration, host: str) -> Finding:
    where: dict[str, object] = {"line": one.line, "host": host, "port": one.stamp.port}
    try:
        # A second try: the reflector learns of a node that has only just been enrolled within a second or two.
        answered = measure(one, host) or measure(one, host)
    except OSError as error:
        return Finding(False, "line_error", {**where, "error": describe(error)})
    if not answered:
        return Finding(False, "line_bad", where)
    median = sorted(answered)[len(answered) // 2] * 1000
    figures = {"answered": len(answered), "sent": STAMP_PACKETS, "milliseconds": f"{median:.1f}"}
    return Finding(True, "line_good", {**where, **figures})


def measure(one: LineConfiguration, host: str) -> list[float]:
    """Round-trip times in seconds of a short STAMP session of its own. Raises OSError."""
    family, _kind, _protocol, _name, address = socket.getaddrinfo(host, one.stamp.port, type=socket.SOCK_DGRAM)[0]
    begin = time.monotonic()
    session = StampSession(one.stamp.ssid, bytes.fromhex(one.stamp.key), STAMP_PACKETS_PER_SECOND, begin, time.time())
    sent = 0
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        deadline = begin + STAMP_PACKETS / STAMP_PACKETS_PER_SECOND + STAMP_WAIT_SECONDS
        while (now := time.monotonic()) < deadline and session.answered < STAMP_PACKETS:
            if sent < STAMP_PACKETS and now >= session.next_due:
                for transmit in session.due(now, time.time()):
                    udp.sendto(transmit.payload, address)
                    session.sent(transmit, now)
                    sent += 1
            until = min(session.next_due, deadline) if sent < STAMP_PACKETS else deadline
            if select.select([udp], [], [], max(0.0, until - time.monotonic()))[0]:
                session.receive(udp.recv(2048), 0, time.monotonic())
    session.close(time.monotonic() + 10)
    figures = [report for report in session.reports(100) if isinstance(report, WindowFigures)]
    return [seconds for report in figures for seconds in report.round_trips]
