"""Units, sites, lines and nodes. The caller's session commits; raising leaves it to roll back."""

from collector.directory.failure import DirectoryError
from collector.directory.nodes import Enrolled, TokenRefusedError, enrol, issue_token, revoke_node
from collector.directory.places import (
    add_line,
    add_site,
    add_unit,
    ensure_site,
    find_line,
    find_site,
    find_unit,
    site_codes,
)
from collector.directory.view import DirectoryView, LineRecord, NodeRecord, SiteRecord, load_view

__all__ = [
    "DirectoryError",
    "DirectoryView",
    "Enrolled",
    "LineRecord",
    "NodeRecord",
    "SiteRecord",
    "TokenRefusedError",
    "add_line",
    "add_site",
    "add_unit",
    "enrol",
    "ensure_site",
    "find_line",
    "find_site",
    "find_unit",
    "issue_token",
    "load_view",
    "revoke_node",
    "site_codes",
]
