"""The audit log as JSON and as CSV. Whoever opens the CSV in a spreadsheet runs no formula of a stranger."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from collector.audit.chain import Entry

COLUMNS = ("seq", "time", "at", "actor", "address", "action", "object", "detail", "prev_hash", "hash")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_json(entries: Iterable[Entry]) -> Iterator[str]:
    """One JSON array, in pieces; each entry as its hash covers it."""
    yield "["
    for number, entry in enumerate(entries):
        yield ("," if number else "") + "\n" + json.dumps(dataclasses.asdict(entry), ensure_ascii=False)
    yield "\n]\n"


def as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    """With a byte-order mark, without which Excel does not read Vietnamese."""
    yield "\ufeff" + _line(COLUMNS)
    for entry in entries:
        detail = json.dumps(entry.detail, ensure_ascii=False, sort_keys=True)
        time = datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds")
        yield _line(
            (
                str(entry.seq),
                time,
                repr(entry.at),
                *map(harmless, (entry.actor, entry.address, entry.action, entry.object, detail)),
                entry.prev_hash,
                entry.hash,
            )
        )


def harmless(text: str) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) or text.startswith(_FORMULA_STARTS) else text


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
