"""Labels of one series: from the wire to a checked, stamped, sorted set, or the reason why not.

Rules of remote write 1.0 (prometheus/docs, remote_write_spec.md): names legal and unique, values not empty.
Labels out of order are sorted, empty values are dropped (in Prometheus' model the same as no label).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from google.protobuf.message import DecodeError

from agent.wire.remote_write import varint
from collector.ingest.identity import NodeIdentity
from collector.ingest.remote_write_pb2 import Label

RESERVED = "thongsuot_"
"""Begins the names of families that agents and hub alone may say."""
MAX_LABELS = 64
MAX_NAME_BYTES = 256
MAX_VALUE_BYTES = 2048

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

_LENGTH_DELIMITED_1 = b"\x0a"
_LENGTH_DELIMITED_2 = b"\x12"


class LabelsRefusedError(ValueError):
    """The sender's labels cannot be kept; `reason` is one of a fixed set, `series` names it for people."""

    def __init__(self, reason: str, series: str) -> None:
        super().__init__(f"{reason}: {series}")
        self.reason = reason
        self.series = series


def parse_labels(encoded: Iterable[bytes], identity: NodeIdentity) -> dict[str, str]:
    """Checked labels with the site and node of whoever wrote them. Raises LabelsRefusedError."""
    labels: dict[str, str] = {}
    for count, one in enumerate(encoded, start=1):
        if count > MAX_LABELS:
            raise LabelsRefusedError("too_many_labels", _describe(labels))
        name, value = _parse_label(one, labels)
        if name in labels:
            raise LabelsRefusedError("duplicate_label", _describe(labels | {name: value}))
        labels[name] = value
    labels = {name: value for name, value in labels.items() if value}
    _check(labels, identity)
    # Overwritten whatever was said: a node cannot speak for another.
    labels["site"] = identity.site
    if identity.writer:
        labels["writer"] = identity.writer
    else:
        labels["node"] = identity.node
    return labels


def _parse_label(encoded: bytes, before: dict[str, str]) -> tuple[str, str]:
    if len(encoded) > MAX_NAME_BYTES + MAX_VALUE_BYTES + 16:
        raise LabelsRefusedError("label_too_long", _describe(before))
    try:
        label = Label.FromString(encoded)
    except DecodeError:
        raise LabelsRefusedError("label_not_text", _describe(before)) from None
    name, value = label.name, label.value
    if not name:
        raise LabelsRefusedError("empty_label_name", _describe(before))
    if len(name.encode()) > MAX_NAME_BYTES or len(value.encode()) > MAX_VALUE_BYTES:
        raise LabelsRefusedError("label_too_long", _describe(before))
    if not _LABEL_NAME.fullmatch(name):
        raise LabelsRefusedError("illegal_label_name", _describe(before | {name: value}))
    return name, value


def _check(labels: dict[str, str], identity: NodeIdentity) -> None:
    metric = labels.get("__name__")
    if metric is None:
        raise LabelsRefusedError("no_metric_name", _describe(labels))
    if len(metric.encode()) > MAX_NAME_BYTES:
        raise LabelsRefusedError("label_too_long", _describe(labels))
    if not _METRIC_NAME.fullmatch(metric):
        raise LabelsRefusedError("illegal_metric_name", _describe(labels))
    if identity.writer:
        if metric.startswith(RESERVED):
            raise LabelsRefusedError("reserved_name", _describe(labels))
        return
    line = labels.get("line")
    if line is not None and line not in identity.lines:
        raise LabelsRefusedError("foreign_line", _describe(labels))


def encode_labels(labels: dict[str, str]) -> bytes:
    """The `labels` fields of a TimeSeries, sorted by name."""
    out = bytearray()
    for name, value in sorted(labels.items()):
        name_bytes, value_bytes = name.encode(), value.encode()
        label = (
            _LENGTH_DELIMITED_1 + varint(len(name_bytes)) + name_bytes
            + _LENGTH_DELIMITED_2 + varint(len(value_bytes)) + value_bytes
        )  # fmt: skip
        out += _LENGTH_DELIMITED_1 + varint(len(label)) + label
    return bytes(out)


def _describe(labels: dict[str, str]) -> str:
    """`name{a="b"}`, cut short: it goes into an error message."""
    name = labels.get("__name__", "")
    inner = ",".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__")
    text = f"{name}{{{inner}}}"
    return text if len(text) <= 160 else text[:157] + "..."
