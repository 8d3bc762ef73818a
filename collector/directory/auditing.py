"""Changes of the directory in the audit log: what was changed by whom, provable; no number that is need-to-know."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from collector import audit
from collector.directory.changes import Change

ACTION = "directory.changed"
MAX_NAMED = 20


def record(session: Session, changes: Sequence[Change], *, actor: str, now: float, address: str) -> None:
    """One entry for all that was done in one go. `digest` binds it to the rows of the directory's history."""
    if not changes:
        return
    thing = f"{changes[0].noun} {changes[0].key}" if len(changes) == 1 else f"{len(changes)} objects"
    detail: dict[str, Any] = {
        "batch": changes[0].batch,
        "changes": [changes[0].id, changes[-1].id],
        "digest": digest(changes),
        "counts": dict(sorted(Counter(f"{one.noun} {_done(one)}" for one in changes).items())),
        "named": [
            {"noun": one.noun, "key": one.key, "done": _done(one), "fields": list(one.fields)}
            for one in changes[:MAX_NAMED]
        ],
    }
    undone = sorted({one.undoes for one in changes if one.undoes is not None})
    if undone:
        detail["undoes"] = undone[:MAX_NAMED]
    audit.record(session, actor, ACTION, thing, detail, now=now, address=address)


def digest(changes: Sequence[Change]) -> str:
    """SHA-256 over what the history holds of them, in lower-case hexadecimal."""
    content = [
        [one.id, repr(one.at), one.actor, one.noun, one.key, one.before, one.after, one.batch, one.undoes]
        for one in changes
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _done(change: Change) -> str:
    return "added" if change.before is None else "removed" if change.after is None else "changed"
