"""Which series a receiver gets: PromQL's selectors, labels added, samples kept to the bit."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.wire import remote_write
from agent.wire.remote_write import STALE_MARKER, Series
from collector.ingest import remote_write_pb2
from exporters.remote_write import selectors
from exporters.remote_write.selection import Selection, Sieve
from exporters.remote_write.selectors import SelectorError

UP = {"__name__": "up", "site": "xa-a", "job": "node"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("up", True),
        ("upx", False),
        ("u", False),
        ('up{site="xa-a"}', True),
        ('up{site="xa-a",job!="node"}', False),
        ('{site=~"xa-.*"}', True),
        ('{site=~"a"}', False),
        ('{site=~"xa-.*",job!~"n.*|m"}', False),
        ('{job="node",line=""}', True),
        ('{job="node",line!=""}', False),
        ("{ job = 'node' , }", True),
        (r'{job="no\"de"}', False),
        (r'{site=~"xa\\-a"}', True),
    ],
)
def test_selectors_mean_what_they_mean_in_promql(text: str, matches: bool) -> None:
    assert selectors.parse(text).matches(UP) is matches


@pytest.mark.parametrize(
    "text", ["", "{}", "up{", "up}", "up{site}", 'up{site="a"', "up{site=a}", '{a=~"*"}', '{a!="b"}']
)
def test_what_selects_nothing_or_everything_is_refused(text: str) -> None:
    with pytest.raises(SelectorError):
        selectors.parse(text)


@given(st.text(max_size=40))
def test_rubbish_is_a_selector_error_or_a_selector(text: str) -> None:
    with contextlib.suppress(SelectorError):
        selectors.parse(text).matches(UP)


def decoded(payload: bytes) -> dict[tuple[tuple[str, str], ...], list[tuple[int, bytes]]]:
    found = {}
    for series in remote_write_pb2.WriteRequest.FromString(payload).timeseries:
        labels = [remote_write_pb2.Label.FromString(raw) for raw in series.labels]
        key = tuple((label.name, label.value) for label in labels)
        found[key] = [(sample.timestamp, struct.pack("<d", sample.value)) for sample in series.samples]
    return found


def sieve(keep: tuple[str, ...] = (), drop: tuple[str, ...] = (), **labels: str) -> Sieve:
    return Sieve(Selection(tuple(map(selectors.parse, keep)), tuple(map(selectors.parse, drop)), labels))


PAYLOAD = remote_write.encode(
    [
        Series((("__name__", "up"), ("site", "xa-a")), ((1, 1.0), (2, 0.0))),
        Series((("__name__", "down"), ("area", "b"), ("site", "xa-a")), ((-5, STALE_MARKER),)),
    ]
)


def test_without_a_selection_the_bytes_stay_as_they_are() -> None:
    assert sieve().through(PAYLOAD, 3) == (PAYLOAD, 3)


def test_only_what_is_kept_and_not_dropped_goes() -> None:
    for _ in range(2):
        payload, samples = sieve(keep=('{site="xa-a"}',), drop=("down",)).through(PAYLOAD, 3)
        assert samples == 2
        assert list(decoded(payload)) == [(("__name__", "up"), ("site", "xa-a"))]
    assert sieve(keep=("nothing",)).through(PAYLOAD, 3) == (b"", 0)


def test_labels_are_added_sorted_and_never_overwrite_and_values_keep_their_bits() -> None:
    payload, samples = sieve(area="c", zone="z").through(PAYLOAD, 3)
    assert samples == 3
    assert decoded(payload) == {
        (("__name__", "up"), ("area", "c"), ("site", "xa-a"), ("zone", "z")): [
            (1, struct.pack("<d", 1.0)),
            (2, struct.pack("<d", 0.0)),
        ],
        (("__name__", "down"), ("area", "b"), ("site", "xa-a"), ("zone", "z")): [
            (-5, struct.pack("<d", STALE_MARKER))
        ],
    }
