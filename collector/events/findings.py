"""Security findings of the last day, counted by where and what. By the hub's clock: late ones count as well."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.snapshot import SecurityFindings
from collector.tables import Node, NodeEvent, Site

PREFIX = "security."
RECENT_SECONDS = 86400.0
MOST = 20_000
"""Kinds times nodes: a guard. Beyond it the rarest are not told."""


def recent_findings(session: Session, now: float) -> tuple[SecurityFindings, ...]:
    count = func.count()
    query = (
        select(Site.code, NodeEvent.node_id, NodeEvent.kind, NodeEvent.severity, count)
        .join(Node, Node.id == NodeEvent.node_id)
        .join(Site, Site.id == Node.site_id)
        .where(
            NodeEvent.received_at > now - RECENT_SECONDS,
            NodeEvent.kind.startswith(PREFIX, autoescape=True),
            Node.revoked_at.is_(None),
        )
        .group_by(Site.code, NodeEvent.node_id, NodeEvent.kind, NodeEvent.severity)
        .order_by(count.desc(), Site.code, NodeEvent.node_id, NodeEvent.kind)
        .limit(MOST)
    )
    return tuple(
        SecurityFindings(site, node, kind.removeprefix(PREFIX), severity, number)
        for site, node, kind, severity, number in session.execute(query)
    )
