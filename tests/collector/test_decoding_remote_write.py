from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from contextlib import suppress

import cramjam
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from agent.wire import families
from agent.wire.remote_write import Series, compress, encode, series, varint
from collector.ingest import frames
from collector.ingest.decode import (
    MAX_BODY_BYTES,
    MAX_DECOMPRESSED_BYTES,
    Accepted,
    BodyTooLargeError,
    NotProtobufError,
    NotSnappyError,
    decode,
    decompress,
)
from collector.ingest.frames import WHOLE_BYTES
from collector.ingest.identity import NodeIdentity
from collector.ingest.labels import MAX_LABELS, MAX_NAME_BYTES, MAX_VALUE_BYTES
from collector.ingest.remote_write_pb2 import TimeSeries, WriteRequest
from collector.ingest.series import KnownSeriesCache
from collector.ingest.watch import LineWatch, NodeWatch
from tests.collector.support import IDENTITY, NOW, body, raw_series, read

NOW_MS = round(NOW * 1000)
STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0_0000_0000_0002))[0]


def accept(content: bytes, offset_ms: int = 0, identity: NodeIdentity = IDENTITY) -> Accepted:
    return decode(content, KnownSeriesCache(identity), offset_ms, NOW)


def accept_labels(*labels: tuple[str, str]) -> Accepted:
    return accept(compress(raw_series(list(labels), NOW_MS)))


def test_site_and_node_are_stamped_whatever_the_node_says() -> None:
    accepted = accept_labels(("__name__", "up"), ("node", "n-somebody"), ("site", "hub"), ("zone", "a"))
    assert read(accepted.payload) == [("up", {"node": "n-abcdefghij", "site": "vt", "zone": "a"}, NOW_MS, 1.0)]
    assert (accepted.samples, accepted.refused) == (1, {})


def test_labels_out_of_order_are_sorted_and_empty_ones_dropped() -> None:
    accepted = accept_labels(("zone", "a"), ("__name__", "up"), ("empty", ""), ("area", "b"))
    assert read(accepted.payload)[0][1] == {"area": "b", "node": "n-abcdefghij", "site": "vt", "zone": "a"}


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([("job", "x")], "no_metric_name"),
        ([("__name__", ""), ("job", "x")], "no_metric_name"),
        ([("__name__", "1up")], "illegal_metric_name"),
        ([("__name__", "up-time")], "illegal_metric_name"),
        ([("__name__", "up\n")], "illegal_metric_name"),
        ([("__name__", "up"), ("a-b", "x")], "illegal_label_name"),
        ([("__name__", "up"), ("đường", "x")], "illegal_label_name"),
        ([("__name__", "up"), ("", "x")], "empty_label_name"),
        ([("__name__", "up"), ("a", "x"), ("a", "y")], "duplicate_label"),
        ([("__name__", "up"), ("__name__", "down")], "duplicate_label"),
        ([("__name__", "u" * (MAX_NAME_BYTES + 1))], "label_too_long"),
        ([("__name__", "up"), ("n" * (MAX_NAME_BYTES + 1), "x")], "label_too_long"),
        ([("__name__", "up"), ("a", "x" * (MAX_VALUE_BYTES + 1))], "label_too_long"),
        ([("__name__", "up"), ("a", "x" * 10_000)], "label_too_long"),
        ([("__name__", "up"), *((f"l{n}", "x") for n in range(MAX_LABELS))], "too_many_labels"),
        ([("__name__", "up"), ("line", "tt-1")], "foreign_line"),
    ],
)
def test_bad_labels_cost_their_series_and_say_why(labels: list[tuple[str, str]], reason: str) -> None:
    good = raw_series([("__name__", "good")], NOW_MS)
    accepted = accept(compress(good + raw_series(labels, NOW_MS) + good))
    assert accepted.refused == {reason: 1}
    assert accepted.examples[0].startswith(f"{reason}: ")
    assert [name for name, *_ in read(accepted.payload)] == ["good", "good"]


def test_a_label_that_is_not_utf8_costs_its_series_only() -> None:
    request = WriteRequest()
    one = request.timeseries.add()
    one.labels.append(b"\x0a\x08__name__\x12\x02\xff\xfe")
    one.samples.add(value=1, timestamp=NOW_MS)
    accepted = accept(compress(request.SerializeToString() + raw_series([("__name__", "good")], NOW_MS)))
    assert (accepted.samples, accepted.refused) == (1, {"label_not_text": 1})


def test_a_stale_marker_passes_bit_by_bit() -> None:
    accepted = accept(body([series("up", [], NOW_MS, STALE)]))
    assert struct.pack("<Q", 0x7FF0_0000_0000_0002) in accepted.payload


def test_samples_of_one_series_are_put_in_time_order_and_judged_one_by_one() -> None:
    times = [NOW_MS + 1, NOW_MS - 5, NOW_MS + 600_000, NOW_MS - 15 * 86_400_000, NOW_MS - 7]
    request = WriteRequest()
    one = request.timeseries.add()
    one.labels.extend([b"\x0a\x08__name__\x12\x02up"])
    for value, at in enumerate(times):
        one.samples.add(value=value, timestamp=at)
    accepted = accept(compress(request.SerializeToString()))
    assert [(at, value) for _, _, at, value in read(accepted.payload)] == [
        (NOW_MS - 7, 4.0),
        (NOW_MS - 5, 1.0),
        (NOW_MS + 1, 0.0),
    ]
    assert accepted.refused == {"too_far_ahead": 1, "too_old": 1}


@pytest.mark.parametrize("at", [-(2**63), -1, 0, 1, 2**63 - 1])
def test_any_int64_is_a_time(at: int) -> None:
    assert sum(accept(compress(raw_series([("__name__", "up")], at))).refused.values()) == 1


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_a_day_off_is_corrected(days: int) -> None:
    offset_ms = days * 86_400_000
    accepted = accept(body([series("up", [], NOW_MS + offset_ms, 1.0)]), offset_ms)
    assert [at for _, _, at, _ in read(accepted.payload)] == [NOW_MS]


def test_a_zip_bomb_is_refused_by_its_header() -> None:
    bomb = varint(MAX_DECOMPRESSED_BYTES + 1) + b"\xfe\x00\x00" * 1000
    with pytest.raises(BodyTooLargeError):
        decompress(bomb)
    with pytest.raises((BodyTooLargeError, NotSnappyError)):
        decompress(b"\xff\xff\xff\xff\x0f" + b"\xfe\x00\x00" * 1000)


def test_too_many_compressed_bytes_are_refused_unread() -> None:
    with pytest.raises(BodyTooLargeError):
        decompress(bytes(MAX_BODY_BYTES + 1))


def test_frames_of_the_other_snappy_format_are_not_taken() -> None:
    framed = bytes(cramjam.snappy.compress(encode([series("up", [], NOW_MS, 1.0)])))
    with pytest.raises((NotSnappyError, NotProtobufError)):
        accept(framed)


def test_a_request_cut_short_anywhere_is_refused_whole() -> None:
    content = body([series("up", [("a", "b")], NOW_MS, 1.0), series("down", [], NOW_MS, 2.0)])
    for length in range(len(content)):
        with pytest.raises((NotSnappyError, NotProtobufError)):
            accept(content[:length])


def test_a_newer_agents_unknown_fields_and_families_pass() -> None:
    request = raw_series([("__name__", "thongsuot_something_new"), ("shape", "round")], NOW_MS)
    # Field 3 of WriteRequest is metadata in Prometheus, field 99 nobody's.
    later = request + b"\x1a\x03abc" + b"\x9a\x06\x02hi"
    assert [name for name, *_ in read(accept(compress(later)).payload)] == ["thongsuot_something_new"]


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_as_the_senders_fault(content: bytes) -> None:
    with suppress(BodyTooLargeError, NotSnappyError, NotProtobufError):
        accept(content)


@given(st.binary(max_size=300))
def test_random_protobuf_is_refused_or_read(content: bytes) -> None:
    with suppress(NotProtobufError):
        read(accept(compress(content)).payload)


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=6))
def test_any_labels_are_kept_legal_or_refused_with_a_reason(labels: list[tuple[str, str]]) -> None:
    accepted = accept_labels(("__name__", "up"), *labels)
    assert accepted.samples + sum(accepted.refused.values()) == 1
    read(accepted.payload)


names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)


@given(
    st.lists(
        st.tuples(
            names,
            st.dictionaries(names, st.text(min_size=1, max_size=8), max_size=3),
            st.floats(),
            st.integers(0, 10**6),
        ),
        max_size=30,
    )
)
def test_what_is_good_comes_out_as_it_went_in(many: list[tuple[str, dict[str, str], float, int]]) -> None:
    cache = KnownSeriesCache(IDENTITY, generation_bytes=3000)
    sent = [
        Series((("__name__", name), *((f"l_{key}", text) for key, text in labels.items())), ((NOW_MS - back, value),))
        for name, labels, value, back in many
    ]
    stamp = (("node", "n-abcdefghij"), ("site", "vt"))
    expected = encode([Series((*one.labels, *stamp), one.samples) for one in sent])
    for _ in range(2):
        assert decode(body(sent), cache, 0, NOW).payload == expected


def test_the_cache_forgets_rather_than_grows() -> None:
    cache = KnownSeriesCache(IDENTITY, generation_bytes=50_000)
    for n in range(1000):
        decode(body([series("up", [("n", str(n))], NOW_MS, 1.0)]), cache, 0, NOW)
    assert len(cache) < 150


def test_only_the_node_that_measures_a_line_feeds_its_minutes() -> None:
    def watched(line: str) -> list[LineWatch]:
        accepted = accept(body([series(families.LINE_SENT, [("line", line)], NOW_MS, 100.0)]))
        assert accepted.samples == 1
        return [one for one, _, _ in accepted.line_samples]

    assert watched("vt-1") == [LineWatch("vt-1", "sent")]
    assert watched("vt-2") == []


@pytest.mark.parametrize(
    ("family", "label", "field"),
    [
        (families.LINE_RTT, ("quantile", "0.95"), "rtt_p95"),
        (families.LINE_RTT, ("quantile", "1.0"), "rtt_max"),
        (families.LINE_RTT, ("quantile", "0.7"), None),
        (families.LINE_RTT, ("quantile", "much"), None),
        (families.LINE_RTT_BUCKET, ("le", "0.001"), "rtt_le_0"),
        (families.LINE_RTT_BUCKET, ("le", "+Inf"), "rtt_le_20"),
        (families.LINE_RTT_BUCKET, ("le", "7"), None),
        (families.LINE_LOST, ("direction", "unknown"), "lost_unknown"),
        (families.LINE_LOST, ("direction", "sideways"), None),
    ],
)
def test_what_the_hub_does_not_know_it_passes_on(family: str, label: tuple[str, str], field: str | None) -> None:
    accepted = accept(body([series(family, [("line", "vt-1"), label], NOW_MS, 1.0)]))
    assert accepted.samples == 1
    assert [one.field for one, _, _ in accepted.line_samples] == ([field] if field else [])


def test_readings_of_the_node_are_told_apart_by_their_own_labels() -> None:
    accepted = accept(body([series("thongsuot_network_up", [("interface", "eth0")], NOW_MS, 1.0)]))
    assert accepted.node_samples == [(NodeWatch("thongsuot_network_up", (("interface", "eth0"),)), NOW_MS, 1.0)]


def large(*more: bytes) -> bytes:
    """A request beyond what is parsed whole, ending with these bytes."""
    many = [series("up", [("n", str(n)), ("pad", "x" * 100)], NOW_MS, float(n)) for n in range(3000)]
    return encode(many) + b"".join(more)


def test_a_large_request_is_read_as_a_small_one_is() -> None:
    later = b"\x1a\x03abc" + b"\x20\x05" + b"\x2d1234" + b"\x3112345678"
    content = large(later, raw_series([("__name__", "last")], NOW_MS), later)
    assert len(content) > WHOLE_BYTES
    accepted = accept(compress(content))
    assert (accepted.samples, accepted.refused) == (3001, {})
    assert [value for _, _, _, value in read(accepted.payload)[:3]] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "end", [b"\x0a", b"\x0a\x05", b"\x0a\x03\xff\xff\xff", b"\x0b", b"\x31123", b"\x80" * 12, b"\x1a\x7f", b"\x20"]
)
def test_a_large_request_with_a_broken_end_is_refused_whole(end: bytes) -> None:
    with pytest.raises(NotProtobufError):
        accept(compress(large(end)))


@given(st.binary(max_size=60))
def test_the_cut_into_series_agrees_with_protobuf(content: bytes) -> None:
    def outcome(parse: Callable[[bytes], Iterable[TimeSeries]]) -> list[bytes] | None:
        try:
            return [one.SerializeToString() for one in parse(content)]
        except DecodeError:
            return None

    whole, cut = outcome(lambda one: WriteRequest.FromString(one).timeseries), outcome(frames._one_by_one)
    # They may differ over fields that nobody reads (groups, field numbers out of range), not over series.
    assert cut == whole or cut is None or whole is None


@pytest.mark.parametrize("piece", [b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x0a\x84\x80\x40" + b"\x12\x00" * 0x80002])
def test_millions_of_empty_messages_are_too_much(piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_SAMPLES", 10_000)
    content = compress(piece * (2_000_000 // len(piece)))
    with pytest.raises(BodyTooLargeError):
        accept(content)
