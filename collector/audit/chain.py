"""The chain of the audit log: each entry's hash covers the entry and the hash before it. Pure.

Canonical JSON: UTF-8, keys sorted, no blanks; instants as the shortest text of the double.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` in Unix seconds; `detail` is JSON; `seq` counts from 1 without a gap."""

    seq: int
    at: float
    actor: str
    address: str
    action: str
    object: str
    detail: Mapping[str, Any]
    prev_hash: str
    hash: str

    def is_whole(self) -> bool:
        return self.hash == entry_hash(
            self.seq, self.at, self.actor, self.address, self.action, self.object, self.detail, self.prev_hash
        )


def entry_hash(
    seq: int,
    at: float,
    actor: str,
    address: str,
    action: str,
    object: str,  # noqa: A002 - the word of the table and of the export
    detail: Mapping[str, Any],
    prev_hash: str,
) -> str:
    """SHA-256, lower-case hexadecimal."""
    content = [seq, repr(float(at)), actor, address, action, object, detail, prev_hash]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
