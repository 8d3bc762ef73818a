"""Tables of the collector: what the hub knows of units, sites, lines, nodes, people and minutes.

Instants are Unix seconds by the hub's clock. Everything works alike on SQLite and PostgreSQL.
"""

from collector.tables.accounts import (
    ApiTokenRow,
    AuditEntryRow,
    AuditHeadRow,
    GrantRow,
    RecoveryCodeRow,
    SiteAccessRow,
    TotpRow,
    UserSession,
)
from collector.tables.base import Base, metadata
from collector.tables.changes import DirectoryChange
from collector.tables.devices import Device
from collector.tables.episodes import LineDay, LineEpisode, LineWork, SpeedTest
from collector.tables.events import NodeEvent, NodeEventCursor
from collector.tables.evidence import EvidenceMinute
from collector.tables.lines import Line
from collector.tables.minutes import LineMinute, NodeMinute
from collector.tables.nodes import EnrolmentTokenRow, Node
from collector.tables.people import Person, Telephone
from collector.tables.sites import Site, SitePast
from collector.tables.units import Unit
from collector.tables.users import User
from collector.tables.writers import SampleWriter

__all__ = [
    "ApiTokenRow",
    "AuditEntryRow",
    "AuditHeadRow",
    "Base",
    "Device",
    "DirectoryChange",
    "EnrolmentTokenRow",
    "EvidenceMinute",
    "GrantRow",
    "Line",
    "LineDay",
    "LineEpisode",
    "LineMinute",
    "LineWork",
    "Node",
    "NodeEvent",
    "NodeEventCursor",
    "NodeMinute",
    "Person",
    "RecoveryCodeRow",
    "SampleWriter",
    "Site",
    "SiteAccessRow",
    "SitePast",
    "SpeedTest",
    "Telephone",
    "TotpRow",
    "Unit",
    "User",
    "UserSession",
    "metadata",
]
