"""Events travel whole; a document that holds none is refused with its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire import events
from agent.wire.events import Event, EventBatch, EventError

EPOCH = "0123456789abcdef"
ONE = {"sequence": 7, "time_ms": 1_700_000_000_000, "kind": "power.last_gasp", "severity": "critical"}


def body(**changes: Any) -> bytes:
    return json.dumps({"epoch": EPOCH, "events": [{**ONE, **changes}]}).encode()


def test_what_was_said_arrives() -> None:
    said = (
        Event(1, 1_700_000_000_000, "security.new_port", "warning", "tcp/8080", {"process": "máy chủ"}),
        Event(2, 1_700_000_000_001, "agent.stopped", "info"),
    )
    assert events.parse(events.encode(EPOCH, said)) == EventBatch(EPOCH, said)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"[]", "not an object"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b" " * (events.MAX_BODY_BYTES + 1), "more than"),
        (json.dumps({"epoch": "x", "events": [ONE]}).encode(), "epoch"),
        (json.dumps({"epoch": EPOCH, "events": []}).encode(), "a list of 1 to"),
        (json.dumps({"epoch": EPOCH, "events": [ONE, ONE]}).encode(), "gaps"),
        (body(kind="power"), r"events\[0\].kind"),
        (body(severity="loud"), "severity"),
        (body(subject="two\nlines"), "subject"),
        (body(detail={"x": "y" * 5000}), "detail"),
        (body(sequence=-1), "sequence"),
        (body(time_ms=True), "time_ms"),
    ],
)
def test_what_holds_no_events_is_refused_with_its_field(document: bytes, why: str) -> None:
    with pytest.raises(EventError, match=why):
        events.parse(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(st.text(), x),
)


@given(st.dictionaries(st.sampled_from(["sequence", "time_ms", "kind", "severity", "subject", "detail", "x"]), JSON))
def test_anything_is_events_or_an_error(changes: dict[str, Any]) -> None:
    try:
        found = events.parse(body(**changes))
    except EventError:
        return
    assert events.parse(events.encode(found.epoch, found.events)) == found
