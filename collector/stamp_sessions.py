"""The file by which the reflector learns the keys of the lines (docs/protocol.md section 3)."""

from __future__ import annotations

import json

from collector.directory.view import DirectoryView
from collector.stamp_keys import stamp_key

FILE_NAME = "stamp-sessions.json"


def sessions_document(view: DirectoryView, secret: str) -> str:
    """Lines that nobody measures have no session."""
    sessions = {str(line.stamp_ssid): stamp_key(secret, line) for line in view.lines if line.measured_by is not None}
    return json.dumps({"sessions": sessions}, sort_keys=True)
