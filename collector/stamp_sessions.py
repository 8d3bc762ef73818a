"""The file by which the reflector learns the keys of the lines (docs/protocol.md section 3)."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from collector.directory.view import DirectoryView

FILE_NAME = "stamp-sessions.json"


def sessions_document(view: DirectoryView) -> str:
    """Lines that nobody measures have no session."""
    sessions = {str(line.stamp_ssid): line.stamp_key for line in view.lines if line.measured_by is not None}
    return json.dumps({"sessions": sessions}, sort_keys=True)


def replace_file(path: Path, text: str) -> None:
    """All or nothing, readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
