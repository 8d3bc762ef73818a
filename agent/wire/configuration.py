"""What the hub tells a node to do, as JSON under `GET /api/v1/node/config` (ETag, cached by the node).

On the wire unknown fields are ignored, so that old and new nodes talk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

CONFIG_PATH = "/api/v1/node/config"
WRITE_PATH = "/api/v1/write"

LOSS_TIMEOUT_SECONDS = 5.0
"""A probe packet unanswered for so long is lost; what comes after is late. Fixed and published."""

WINDOW_SECONDS = 10
"""Line measurements are said once per window, aligned to Unix time; a minute holds six."""

RTT_BUCKETS_SECONDS = (
    0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075,
    0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 2.0, 5.0,
)  # fmt: skip
"""They contain the E-model's knee (100 ms) and ITU-T G.114's 400 ms."""


class ConfigurationError(ValueError):
    """The hub's configuration cannot be used: a known field is missing or of the wrong type."""


@dataclass(frozen=True, slots=True)
class StampTarget:
    """One STAMP session. `host` empty means the host of the hub's address; `key` is hexadecimal."""

    host: str
    port: int
    ssid: int
    key: str
    packets_per_second: int = 10


@dataclass(frozen=True, slots=True)
class LineConfiguration:
    """One line of the site, by its code, and how to measure it."""

    line: str
    stamp: StampTarget


@dataclass(frozen=True, slots=True)
class NodeConfiguration:
    node: str
    site: str
    sampling_interval_seconds: int
    lines: tuple[LineConfiguration, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse_configuration(document: Any) -> NodeConfiguration:
    """Raises ConfigurationError with the field's path."""
    top = _mapping(document, "configuration")
    return NodeConfiguration(
        node=_text(top, "node", "configuration"),
        site=_text(top, "site", "configuration"),
        sampling_interval_seconds=_integer(top, "sampling_interval_seconds", "configuration", 1, 3600),
        lines=tuple(_line(item, f"lines[{index}]") for index, item in enumerate(_list(top, "lines"))),
    )


def _line(document: Any, where: str) -> LineConfiguration:
    line = _mapping(document, where)
    stamp = _mapping(line.get("stamp"), f"{where}.stamp")
    key = _text(stamp, "key", f"{where}.stamp")
    try:
        bytes.fromhex(key)
    except ValueError:
        raise ConfigurationError(f"{where}.stamp.key is not hexadecimal") from None
    return LineConfiguration(
        line=_text(line, "line", where),
        stamp=StampTarget(
            host=_text(stamp, "host", f"{where}.stamp"),
            port=_integer(stamp, "port", f"{where}.stamp", 1, 65535),
            ssid=_integer(stamp, "ssid", f"{where}.stamp", 0, 65535),
            key=key,
            packets_per_second=_integer(stamp, "packets_per_second", f"{where}.stamp", 1, 50),
        ),
    )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where} is not an object")
    return value


def _list(top: Mapping[str, Any], name: str) -> list[Any]:
    value = top.get(name)
    if not isinstance(value, list):
        raise ConfigurationError(f"{name} is not a list")
    return value


def _text(source: Mapping[str, Any], name: str, where: str) -> str:
    value = source.get(name)
    if not isinstance(value, str):
        raise ConfigurationError(f"{where}.{name} is missing or not text")
    return value


def _integer(source: Mapping[str, Any], name: str, where: str, low: int, high: int) -> int:
    value = source.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigurationError(f"{where}.{name} is not a whole number from {low} to {high}")
    return value
