"""Events of a node, as JSON under `POST /api/v1/node/events`: what happened once, not what is measured repeatedly.

Each has a sequence number of the node's queue, without gaps; the queue's `epoch` changes when the queue is made anew.
The hub applies what it has not applied yet and answers through which number all is applied, so a request that is
sent again changes nothing. Unknown kinds and unknown fields of `detail` are kept as they are.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

EVENTS_PATH = "/api/v1/node/events"

MAX_EVENTS = 500
"""In one request."""
MAX_DETAIL_BYTES = 4096
"""Of one event's detail as JSON."""
MAX_BODY_BYTES = 1024 * 1024

_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}")
_EPOCH = re.compile(r"[0-9a-f]{16}")
_LARGEST = 2**63 - 1
SUBJECT_CHARACTERS = 200


class EventError(ValueError):
    """A document that holds no events: which field, and why."""


@dataclass(frozen=True, slots=True)
class Event:
    """`kind`: dotted, e.g. `power.last_gasp`. `subject`: what it is about (a port, a user, a MAC), may be empty.

    `time_ms`: Unix milliseconds by the node's clock; the hub corrects it as it does samples' times.
    """

    sequence: int
    time_ms: int
    kind: str
    severity: Severity
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventBatch:
    epoch: str
    events: tuple[Event, ...]


def encode(epoch: str, events: Sequence[Event]) -> bytes:
    document = {"epoch": epoch, "events": [asdict(event) for event in events]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def parse(body: bytes) -> EventBatch:
    """Raises EventError."""
    if len(body) > MAX_BODY_BYTES:
        raise EventError(f"more than {MAX_BODY_BYTES} bytes")
    try:
        document = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise EventError("not JSON") from None
    if not isinstance(document, dict):
        raise EventError("not an object")
    epoch, events = document.get("epoch"), document.get("events")
    if not isinstance(epoch, str) or not _EPOCH.fullmatch(epoch):
        raise EventError("epoch is not 16 hexadecimal digits")
    if not isinstance(events, list) or not 0 < len(events) <= MAX_EVENTS:
        raise EventError(f"events is not a list of 1 to {MAX_EVENTS}")
    parsed = tuple(_event(one, f"events[{index}]") for index, one in enumerate(events))
    if any(later.sequence != earlier.sequence + 1 for earlier, later in itertools.pairwise(parsed)):
        raise EventError("sequence numbers have gaps or are out of order")
    return EventBatch(epoch, parsed)


def _event(document: Any, where: str) -> Event:
    if not isinstance(document, dict):
        raise EventError(f"{where} is not an object")
    kind, severity, subject = document.get("kind"), document.get("severity"), document.get("subject", "")
    detail = document.get("detail", {})
    if not isinstance(kind, str) or len(kind) > 64 or not _KIND.fullmatch(kind):
        raise EventError(f"{where}.kind is not a dotted name")
    if severity not in SEVERITIES:
        raise EventError(f"{where}.severity is none of {', '.join(SEVERITIES)}")
    if not isinstance(subject, str) or len(subject) > SUBJECT_CHARACTERS or not subject.isprintable():
        raise EventError(f"{where}.subject is not one line of at most {SUBJECT_CHARACTERS} characters")
    if not isinstance(detail, dict) or not _fits(detail):
        raise EventError(f"{where}.detail is not an object of at most {MAX_DETAIL_BYTES} bytes")
    chosen = SEVERITIES[SEVERITIES.index(severity)]
    return Event(
        _whole(document, "sequence", where), _whole(document, "time_ms", where), kind, chosen, subject, detail
    )


def _fits(detail: Mapping[str, Any]) -> bool:
    try:
        return len(json.dumps(detail, ensure_ascii=False).encode()) <= MAX_DETAIL_BYTES
    except UnicodeEncodeError:
        # A lone surrogate: no text that could be kept.
        return False


def _no_number(constant: str) -> float:
    raise ValueError(constant)


def _whole(document: Mapping[str, Any], name: str, where: str) -> int:
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise EventError(f"{where}.{name} is not a whole number from 0 to {_LARGEST}")
    return value
