"""Names of the files that lie in the recorder's folder, beside those of the sources."""

from __future__ import annotations

LOG = "log.jsonl"
"""In each recording's folder: parts, files, who held the stage; one JSON object a line."""
RESULT = "stage.mp4"
STATUS = "status.json"
"""In the folder of all: room on the disk, what is recorded now, what was purged."""
