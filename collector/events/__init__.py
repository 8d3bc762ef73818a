"""Events of nodes: applied exactly once, kept for a time, listed for the board."""

from collector.events.applying import GapError, apply, purge
from collector.events.findings import recent_findings
from collector.events.listing import EventRecord, of_site

__all__ = ["EventRecord", "GapError", "apply", "of_site", "purge", "recent_findings"]
