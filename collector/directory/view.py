"""The directory as the event loop holds it: read as a whole, frozen, replaced as a whole.

A few hundred rows read every few seconds spare a query per request, and changes made by other processes
(the command line) take effect by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from collector.directory.changes import Change
from collector.ingest.identity import NodeIdentity
from collector.tables import Device, Line, Node, SampleWriter, Site, SitePast, Unit


@dataclass(frozen=True, slots=True)
class SiteRecord:
    site: str
    name: str
    unit: str | None
    """The unit's name."""
    area: str | None = None
    """The name of the unit above it."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    node: str
    site: str
    hostname: str
    platform: str
    version: str
    clock_offset_ms: int
    last_seen_at: float | None


@dataclass(frozen=True, slots=True)
class LineRecord:
    id: int
    line: str
    site: str
    name: str
    provider: str
    stamp_ssid: int
    stamp_key: str = field(repr=False)
    measured_by: str | None
    """A node that is not revoked, or None."""
    download_mbits: float | None = None
    upload_mbits: float | None = None
    """The contract's speeds."""


VIEWED: Mapping[str, frozenset[str]] = {
    "units": frozenset({"name", "parent"}),
    "sites": frozenset({"code", "name", "unit", "past", "valid_to"}),
    "devices": frozenset({"code", "site", "kind", "address", "valid_to"}),
    "lines": frozenset(
        {"code", "site", "name", "provider", "contract_download_mbits", "contract_upload_mbits", "valid_to"}
    ),
}
"""Noun → the fields that a view is made of: nothing else needs it to be read again."""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    device: str
    site: str
    kind: str
    address: str


@dataclass(frozen=True, slots=True)
class WriterRecord:
    """A program of others that writes samples for a site."""

    writer: str
    site: str
    name: str
    last_write_at: float | None


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """Revoked nodes are not in it. All in order of their codes."""

    sites: tuple[SiteRecord, ...] = ()
    nodes: tuple[NodeRecord, ...] = ()
    lines: tuple[LineRecord, ...] = ()
    devices: tuple[DeviceRecord, ...] = ()
    writers: tuple[WriterRecord, ...] = ()
    by_key: Mapping[str, NodeIdentity] = field(default_factory=dict, repr=False)
    """By the SHA-256 of the node's key, or of the writer's token."""

    @property
    def line_ids(self) -> dict[str, int]:
        return {line.line: line.id for line in self.lines}


def is_viewed(change: Change) -> bool:
    """Whether a view read before that change shows something else than one read after it."""
    return not VIEWED.get(change.noun, frozenset()).isdisjoint(change.fields)


def load_view(session: Session, today: date | None = None) -> DirectoryView:
    """`today`: sites and lines that have ended by then are left out, and with them the nodes that stand there."""
    # Sites last: whatever the others refer to is then there, without one transaction around all.
    line_rows = session.execute(
        select(
            Line.id, Line.code, Line.site_id, Line.name, Line.provider,
            Line.stamp_ssid, Line.stamp_key, Line.measured_by,
            Line.contract_download_mbits, Line.contract_upload_mbits,
        )
        .where(_is_there(Line.valid_to, today))
        .order_by(Line.code)
    ).all()  # fmt: skip
    rows = session.execute(
        select(
            Node.id, Node.site_id, Node.hostname, Node.platform, Node.version,
            Node.clock_offset_ms, Node.last_seen_at, Node.key_sha256,
        )
        .where(Node.revoked_at.is_(None))
        .order_by(Node.hostname, Node.id)
    ).all()  # fmt: skip
    device_rows = session.execute(
        select(Device.code, Device.site_id, Device.kind, Device.address)
        .where(_is_there(Device.valid_to, today))
        .order_by(Device.code)
    ).all()
    writer_rows = session.execute(
        select(
            SampleWriter.id, SampleWriter.site_id, SampleWriter.name, SampleWriter.last_write_at,
            SampleWriter.token_sha256,
        )
        .where(SampleWriter.revoked_at.is_(None))
        .order_by(SampleWriter.id)
    ).all()  # fmt: skip
    sites = _sites(session, today)
    # What stands at a site that has ended is not there either.
    line_rows = [row for row in line_rows if row.site_id in sites]
    rows = [row for row in rows if row.site_id in sites]
    live = {row.id for row in rows}
    lines = tuple(
        LineRecord(
            line.id,
            line.code,
            sites[line.site_id].site,
            line.name,
            line.provider,
            line.stamp_ssid,
            line.stamp_key,
            line.measured_by if line.measured_by in live else None,
            line.contract_download_mbits,
            line.contract_upload_mbits,
        )
        for line in line_rows
    )
    nodes = tuple(
        NodeRecord(
            row.id, sites[row.site_id].site, row.hostname, row.platform, row.version,
            row.clock_offset_ms, row.last_seen_at,
        )
        for row in rows
    )  # fmt: skip
    devices = tuple(
        DeviceRecord(row.code, sites[row.site_id].site, row.kind, row.address)
        for row in device_rows
        if row.site_id in sites
    )
    writers = {
        row.token_sha256: WriterRecord(row.id, sites[row.site_id].site, row.name, row.last_write_at)
        for row in writer_rows
        if row.site_id in sites
    }
    hashes = {row.id: row.key_sha256 for row in rows}
    by_key = _identities(nodes, lines, hashes)
    for digest, one in writers.items():
        by_key[digest] = NodeIdentity(one.writer, one.site, {}, frozenset(), writer=one.name)
    return DirectoryView(tuple(sites.values()), nodes, lines, devices, tuple(writers.values()), by_key)


def _sites(session: Session, today: date | None) -> dict[int, SiteRecord]:
    above = aliased(Unit)
    rows = session.execute(
        select(Site.id, Site.code, Site.name, Unit.name, above.name)
        .outerjoin(Unit, Unit.id == Site.unit_id)
        .outerjoin(above, above.id == Unit.parent_id)
        .where(_is_there(Site.valid_to, today))
        .order_by(Site.code)
    )
    found = {site_id: SiteRecord(code, name, unit, area) for site_id, code, name, unit, area in rows}
    if today is not None:
        # A move that is still to come: until that day the site belongs where it did. The earliest is the present.
        coming = (
            select(SitePast.site_id, Unit.name, above.name)
            .join(Unit, Unit.id == SitePast.unit_id)
            .outerjoin(above, above.id == Unit.parent_id)
            .where(SitePast.until > today)
            .order_by(SitePast.until.desc())
        )
        for site_id, unit, area in session.execute(coming):
            if site_id in found:
                found[site_id] = replace(found[site_id], unit=unit, area=area)
    return found


def _is_there(valid_to: InstrumentedAttribute[date | None], today: date | None) -> ColumnElement[bool]:
    return true() if today is None else or_(valid_to.is_(None), valid_to > today)


def _identities(
    nodes: tuple[NodeRecord, ...], lines: tuple[LineRecord, ...], hashes: Mapping[str, str]
) -> dict[str, NodeIdentity]:
    of_site: dict[str, dict[str, int]] = defaultdict(dict)
    of_node: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        of_site[line.site][line.line] = line.id
        if line.measured_by is not None:
            of_node[line.measured_by].add(line.line)
    return {
        hashes[node.node]: NodeIdentity(
            node.node,
            node.site,
            dict(of_site[node.site]),
            frozenset(of_node[node.node]),
            node.clock_offset_ms,
        )
        for node in nodes
    }
