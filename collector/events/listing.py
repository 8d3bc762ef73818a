"""Events of a site's nodes, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.tables import Node, NodeEvent, Site

MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class EventRecord:
    """`at`: Unix seconds, corrected; `id` pages on."""

    id: int
    node: str
    hostname: str
    at: float
    received_at: float
    kind: str
    severity: str
    subject: str
    detail: Mapping[str, Any]


def of_site(
    session: Session, site: str, since: float, until: float, kind: str = "", before: int | None = None,
    most: int = MAX_LISTED,
) -> list[EventRecord]:  # fmt: skip
    """Events that happened there in [since, until), at most `most`. `kind`: that one and those below it (`power`)."""
    query = (
        select(NodeEvent, Node.hostname)
        .join(Node, Node.id == NodeEvent.node_id)
        .join(Site, Site.id == Node.site_id)
        .where(Site.code == site, NodeEvent.at >= since, NodeEvent.at < until)
        .order_by(NodeEvent.id.desc())
        .limit(most)
    )
    if kind:
        query = query.where((NodeEvent.kind == kind) | NodeEvent.kind.startswith(f"{kind}.", autoescape=True))
    if before is not None:
        query = query.where(NodeEvent.id < before)
    return [
        EventRecord(
            row.id, row.node_id, hostname, row.at, row.received_at, row.kind, row.severity, row.subject, row.detail
        )
        for row, hostname in session.execute(query)
    ]
