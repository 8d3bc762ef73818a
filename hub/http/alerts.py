"""What Alertmanager sends and who may see it: the last alerts as they are, kept over a restart. Pages nobody."""

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from collector.accounts.rights import Action
from hub import secret_files
from hub.http.principal import address_of, principal_of
from hub.http.rights import public, requires
from hub.http.rights_tree import Places
from hub.programs import ALERTS_PATH

logger = logging.getLogger(__name__)

MAX_ALERTS = 2000
MAX_ALERTS_A_REQUEST = 5000

Word = Annotated[str, Field(max_length=4096)]
Words = Annotated[dict[Word, Word], Field(max_length=64)]


class Alert(BaseModel):
    """As Alertmanager's webhook (version 4) says it; times in RFC 3339."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    status: Literal["firing", "resolved"]
    labels: Words
    annotations: Words
    starts_at: Word = Field(alias="startsAt")
    ends_at: Word = Field(alias="endsAt")
    fingerprint: Word
    received_at: float = 0.0
    """Unix seconds by the hub's clock."""


class Notification(BaseModel):
    model_config = ConfigDict(extra="ignore")

    alerts: list[Alert] = Field(max_length=MAX_ALERTS_A_REQUEST)


class AlertList(BaseModel):
    """The newest first. `dropped`: alerts let go of because there were too many."""

    now: float
    dropped: int
    alerts: list[Alert]


_KEPT = TypeAdapter(list[Alert])


@dataclass
class Alerts:
    """The last MAX_ALERTS alerts by fingerprint; resolved ones go first when there are more."""

    file: Path
    dropped: int = 0
    _held: dict[str, Alert] = field(default_factory=dict)

    def load(self) -> None:
        """What was kept before a restart; a file that cannot be read is said in the log and begun anew."""
        try:
            found = _KEPT.validate_json(self.file.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError) as error:
            logger.warning("%s cannot be read, alerts are collected anew: %s", self.file, error)
            return
        self._held = {alert.fingerprint: alert for alert in found}

    def take(self, alerts: Iterable[Alert], now: float) -> None:
        """Raises OSError when they cannot be kept: Alertmanager then sends them again."""
        for alert in alerts:
            self._held.pop(alert.fingerprint, None)
            self._held[alert.fingerprint] = alert.model_copy(update={"received_at": now})
        surplus = len(self._held) - MAX_ALERTS
        if surplus > 0:
            oldest = sorted(self._held.values(), key=lambda one: (one.status == "firing", one.received_at))
            for alert in oldest[:surplus]:
                del self._held[alert.fingerprint]
            self.dropped += surplus
        secret_files.replace(self.file, _KEPT.dump_json(list(self._held.values()), by_alias=True))

    def newest_first(self) -> list[Alert]:
        return list(reversed(self._held.values()))


def parse(body: bytes) -> Notification:
    """Raises ValueError when it is no notification."""
    try:
        return Notification.model_validate(json.loads(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def router(alerts: Alerts, token: str, places: Places, clock: Callable[[], float] = time.time) -> APIRouter:
    """`token`: what Alertmanager shows."""
    routes = APIRouter(tags=["alerts"])
    writing = asyncio.Lock()

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
            logger.warning("x alerts: what came is no notification of Alertmanager")
            raise HTTPException(400, "Không phải thông báo. / This is no notification of Alertmanager.") from None
        async with writing:
            await asyncio.to_thread(alerts.take, said.alerts, clock())
        return Response(status_code=204)

    @routes.get(ALERTS_PATH)
    @requires(Action.SEE_BOARD)
    async def listed(request: Request) -> AlertList:
        principal, tree = principal_of(request), await places.tree()
        everywhere = principal.may_everywhere(Action.SEE_BOARD)
        seen = [
            alert
            for alert in alerts.newest_first()
            if everywhere
            or (
                alert.labels.get("scope") == "site"
                and principal.may_at_site(Action.SEE_BOARD, alert.labels.get("site", ""), tree)
            )
        ]
        return AlertList(now=clock(), dropped=alerts.dropped if everywhere else 0, alerts=seen)

    return routes


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
