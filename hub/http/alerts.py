"""What Alertmanager sends and who may see it: written into the on-call bridge's tables before it is answered."""

import hmac
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field

from collector.accounts.rights import Action
from exporters.oncall import listing
from exporters.oncall.bridge import Bridge
from exporters.oncall.tables import TroubleAlertRow
from exporters.oncall.webhook import parse
from hub.http.principal import address_of, principal_of
from hub.http.rights import public, requires
from hub.http.rights_tree import Places
from hub.programs import ALERTS_PATH

logger = logging.getLogger(__name__)

MAX_ALERTS = 2000
NEVER = "0001-01-01T00:00:00Z"


class Alert(BaseModel):
    """As Alertmanager's webhook (version 4) says it; times in RFC 3339."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str = Field(serialization_alias="startsAt")
    ends_at: str = Field(serialization_alias="endsAt")
    fingerprint: str
    received_at: float
    """Unix seconds by the hub's clock."""
    trouble: int
    """The number of the trouble that it belongs to."""


class AlertList(BaseModel):
    """The newest first, at most 2000."""

    now: float
    alerts: list[Alert]


def router(bridge: Bridge, token: str, places: Places, clock: Callable[[], float] = time.time) -> APIRouter:
    """`token`: what Alertmanager shows."""
    routes = APIRouter(tags=["alerts"])

    @routes.post(ALERTS_PATH, include_in_schema=False)
    @public("takes them from Alertmanager on this machine only, by a token of its own")
    async def take(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not (
            _is_loopback(address_of(request))
            and scheme.lower() == "bearer"
            and hmac.compare_digest(given.encode(), token.encode())
        ):
            raise HTTPException(
                401,
                "Chỉ Alertmanager trên máy này được gửi. / Only Alertmanager on this machine may send here.",
                {"WWW-Authenticate": "Bearer"},
            )
        try:
            said = parse(await request.body())
        except ValueError:
            bridge.refused_webhook()
            logger.warning("x alerts: what came is no notification of Alertmanager")
            raise HTTPException(400, "Không phải thông báo. / This is no notification of Alertmanager.") from None
        # A database that cannot write answers 503: Alertmanager sends it again.
        await bridge.take(said)
        return Response(status_code=204)

    @routes.get(ALERTS_PATH)
    @requires(Action.SEE_BOARD)
    async def listed(request: Request) -> AlertList:
        principal, tree = principal_of(request), await places.tree()
        everywhere = principal.may_everywhere(Action.SEE_BOARD)
        found = await bridge.writer.call(lambda session: listing.latest_alerts(session, MAX_ALERTS))
        seen = [
            _alert(alert, trouble.id)
            for alert, trouble in found
            if everywhere
            or (
                alert.labels.get("scope") == "site"
                and principal.may_at_site(Action.SEE_BOARD, alert.labels.get("site", ""), tree)
            )
        ]
        return AlertList(now=clock(), alerts=seen)

    return routes


def _alert(row: TroubleAlertRow, trouble: int) -> Alert:
    return Alert(
        status="firing" if row.ended is None else "resolved",
        labels=row.labels,
        annotations=row.annotations,
        starts_at=_rfc3339(row.began),
        ends_at=NEVER if row.ended is None else _rfc3339(row.ended),
        fingerprint=row.fingerprint,
        received_at=row.received_at,
        trouble=trouble,
    )


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
