"""`POST /api/v1/enrol` and `GET /api/v1/node/config`: how a machine becomes a node and what it then has to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agent.wire.configuration import (
    MAX_MBITS,
    DeviceConfiguration,
    LineConfiguration,
    NodeConfiguration,
    StampTarget,
)
from collector import audit
from collector.directory import DirectoryView, Enrolled, LineRecord, TokenRefusedError, enrol
from collector.http import problems
from collector.http.requests import client_address, read_body
from collector.ingest.identity import NodeIdentity
from collector.limits import AddressLimits
from collector.settings import CollectorSettings
from collector.stamp_keys import stamp_key
from collector.writer import DatabaseWriter

MAX_ENROLMENT_BYTES = 8 * 1024
ATTEMPTS_PER_SECOND = 0.2
ATTEMPTS_AT_ONCE = 20


class Enrolment:
    """Tokens are 160 random bits; the limit per address is against load, not against guessing."""

    def __init__(self, writer: DatabaseWriter) -> None:
        self._writer = writer
        self._attempts = AddressLimits(ATTEMPTS_PER_SECOND, ATTEMPTS_AT_ONCE)

    async def enrol(self, request: Request, now: float) -> Enrolled:
        """Raises ProblemError."""
        wait = self._attempts.wait_seconds(client_address(request), now)
        if wait > 0:
            raise problems.too_fast(wait)
        asked = _enrolment_fields(await read_body(request, MAX_ENROLMENT_BYTES))
        try:
            return await self._writer.call(lambda session: _enrol(session, asked, now, client_address(request)))
        except TokenRefusedError as error:
            raise problems.token_refused(error.reason) from None


def _enrol(session: Session, asked: Mapping[str, str], now: float, address: str) -> Enrolled:
    enrolled = enrol(session, asked["token"], asked["hostname"], asked["platform"], asked["version"], now)
    detail = {"hostname": asked["hostname"], "site": enrolled.site}
    audit.record(session, enrolled.node, "node.enrolled", enrolled.node, detail, now=now, address=address)
    return enrolled


def _enrolment_fields(body: bytes) -> dict[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise problems.malformed("the body is not JSON") from None
    if not isinstance(document, Mapping):
        raise problems.malformed("the body is not a JSON object")
    found: dict[str, str] = {}
    for name in ("token", "hostname", "platform", "version"):
        value = document.get(name)
        if not isinstance(value, str):
            raise problems.malformed(f"{name} is missing or not text")
        # They are shown on the board and in logs: no control characters, no halves of surrogate pairs.
        found[name] = "".join(character for character in value if character.isprintable()).strip()
    return found


def node_configuration(
    identity: NodeIdentity, view: DirectoryView, settings: CollectorSettings, meeting_running: bool = False
) -> NodeConfiguration:
    return NodeConfiguration(
        node=identity.node,
        site=identity.site,
        sampling_interval_seconds=settings.sampling_interval_seconds,
        lines=tuple(
            LineConfiguration(
                line.line, _stamp_target(line, settings), _speed(line.download_mbits), _speed(line.upload_mbits)
            )
            for line in view.lines
            if line.measured_by == identity.node
        ),
        probes=settings.probes,
        meeting_running=meeting_running,
        devices=_devices(identity, view, settings),
        processes=settings.processes,
    )


def _devices(
    identity: NodeIdentity, view: DirectoryView, settings: CollectorSettings
) -> tuple[DeviceConfiguration, ...]:
    """The gear of its site, for the first of the site's nodes only: what two poll would be said twice."""
    first = next((node.node for node in view.nodes if node.site == identity.site), None)
    if first != identity.node:
        return ()
    found = (settings.snmp.of(device) for device in view.devices if device.site == identity.site)
    return tuple(one for one in found if one is not None)


def _speed(mbits: float | None) -> float | None:
    # A node refuses a whole configuration for one number that cannot be.
    return mbits if mbits is not None and 0 < mbits <= MAX_MBITS else None


def _stamp_target(line: LineRecord, settings: CollectorSettings) -> StampTarget:
    return StampTarget(
        host=settings.stamp_host,
        port=settings.stamp_port,
        ssid=line.stamp_ssid,
        key=stamp_key(settings.stamp_secret, line),
        packets_per_second=settings.packets_per_second,
    )


def configuration_response(document: dict[str, Any], if_none_match: str | None) -> Response:
    """200 with an ETag over the content, or 304 when the node has it."""
    content = json.dumps(document, sort_keys=True).encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def enrolled_response(enrolled: Enrolled) -> Response:
    return JSONResponse(
        {"node": enrolled.node, "key": enrolled.key, "site": enrolled.site},
        201,
        {"Cache-Control": "no-store"},
    )
