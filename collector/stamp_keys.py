"""The key of each line's STAMP session: made of the hub's secret and what the line has of its own, kept nowhere.

Whoever reads the database alone, or a copy of it, cannot speak for a line.
"""

from __future__ import annotations

import hashlib
import hmac

from collector.directory.view import LineRecord


def stamp_key(secret: str, line: LineRecord) -> str:
    """Hexadecimal, 32 bytes: HMAC-SHA-256 (RFC 2104)."""
    text = f"thongsuot stamp {line.stamp_ssid} {line.stamp_key}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
