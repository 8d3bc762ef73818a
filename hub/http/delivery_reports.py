"""What gateways call back with: whether a message arrived. Public, with a key: they have no account."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from collector.limits import AddressLimits
from exporters.oncall.channels import zalo_zns
from exporters.oncall.channels.sms_http import SmsHttpChannel
from exporters.oncall.channels.zalo_zns import ZnsChannel
from exporters.oncall.posting import Posting
from hub.http.principal import address_of
from hub.http.problems import RefusedError
from hub.http.rights import public

logger = logging.getLogger(__name__)

PATH = "/api/v1/oncall/receipts"
SMS_KEY = "sms.callback_key"
"""The file in secrets/ with the last part of the address that the gateway is given."""
MAX_BODY_BYTES = 16 * 1024
MAX_FIELDS = 100
REPORTS_PER_SECOND = 20.0
REPORTS_AT_ONCE = 200


def router(posting: Posting, sms_key: str, clock: Callable[[], float]) -> APIRouter:
    routes = APIRouter(prefix=PATH, tags=["on call"])
    rates = AddressLimits(REPORTS_PER_SECOND, REPORTS_AT_ONCE)

    @routes.post("/zns", include_in_schema=False)
    @public("signed with the secret of the Official Account; tells whether a message arrived")
    async def zns(request: Request) -> Response:
        _bounded_rate(rates, request, clock())
        channel = posting.channel(ZnsChannel.name)
        body = await _body(request)
        event = _document(body)
        signature = request.headers.get("x-zevent-signature", "")
        if not isinstance(channel, ZnsChannel) or event is None or not channel.has_signed(body, event, signature):
            raise _nobody(request)
        found = zalo_zns.receipt(event)
        if found is not None:
            posting.take_receipt(found)
        return Response("ok")

    async def sms(key: str, request: Request) -> Response:
        _bounded_rate(rates, request, clock())
        channel = posting.channel(SmsHttpChannel.name)
        if not isinstance(channel, SmsHttpChannel) or not hmac.compare_digest(key.encode(), sms_key.encode()):
            raise _nobody(request)
        found = channel.receipt(_fields(await _body(request), request))
        if found is not None:
            posting.take_receipt(found)
        return Response("ok")

    marked = public("the secret end of the address is the key; tells whether a message arrived")(sms)
    # Gateways call with GET or with POST, as each has it.
    routes.add_api_route("/sms/{key}", marked, methods=["GET", "POST"], include_in_schema=False)
    return routes


def _bounded_rate(rates: AddressLimits, request: Request, now: float) -> None:
    wait = rates.wait_seconds(address_of(request), now)
    if wait > 0:
        seconds = int(wait) + 1
        raise RefusedError(
            429,
            "too fast",
            f"Quá nhiều yêu cầu; thử lại sau {seconds} giây. / Too many requests; try in {seconds} s.",
            {"Retry-After": str(seconds)},
        )


def _nobody(request: Request) -> RefusedError:
    logger.warning("x delivery report from %s: no key of a channel that is set up", address_of(request))
    return RefusedError(404, "unknown", "Không có địa chỉ này. / There is nothing at this address.")


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MAX_BODY_BYTES:
            raise RefusedError(413, "too large", "Nội dung quá dài. / The body is too long.")
    return bytes(found)


def _document(body: bytes) -> Mapping[str, object] | None:
    """None: no JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _fields(body: bytes, request: Request) -> Mapping[str, object]:
    """Of a JSON body, a form or the address, whichever the gateway uses."""
    said: dict[str, object] = dict(request.query_params)
    document = _document(body)
    if document is not None:
        return {**said, **document}
    try:
        return {**said, **dict(parse_qsl(body.decode(), max_num_fields=MAX_FIELDS))}
    except ValueError:
        return said
