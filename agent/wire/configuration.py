"""What the hub tells a node to do, as JSON under `GET /api/v1/node/config` (ETag, cached by the node).

On the wire unknown fields are ignored, so that old and new nodes talk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

CONFIG_PATH = "/api/v1/node/config"
WRITE_PATH = "/api/v1/write"
THROUGHPUT_PATH = "/api/v1/node/throughput"

LOSS_TIMEOUT_SECONDS = 5.0
"""A probe packet unanswered for so long is lost; what comes after is late. Fixed and published."""

WINDOW_SECONDS = 10
"""Line measurements are said once per window, aligned to Unix time; a minute holds six."""

MAX_MBITS = 1_000_000

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
    """One line of the site, by its code, and how to measure it. Contract speeds: Mbit/s, None when not known."""

    line: str
    stamp: StampTarget
    download_mbits: float | None = None
    upload_mbits: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """What to probe how often. `probe` is a name of the agent's registry; a node leaves out those it does not know.

    `target` is the label of what is measured, one per probe. Where `address` (a host, HOST:PORT or a URL, as the
    probe wants it) is empty the node finds it out itself: `gateway`, `first_hop`, `hub`.
    """

    probe: str
    target: str
    address: str = ""
    interval_seconds: int = 60


@dataclass(frozen=True, slots=True)
class ThroughputWindow:
    """When the line's speed may be tested and how much that may cost. Minutes after midnight UTC; may wrap."""

    begin_minute: int
    end_minute: int
    max_bytes: int = 64 * 1024 * 1024
    """Per direction."""
    max_seconds: int = 10
    """Per direction."""


@dataclass(frozen=True, slots=True)
class ProbesConfiguration:
    """`targets` None: what a node probes by itself. `resolvers`: addresses of name servers, none means the machine's
    own; `names`: whose answers to compare, none means the hub's.
    """

    targets: tuple[ProbeTarget, ...] | None = None
    resolvers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    throughput: ThroughputWindow | None = None
    """None: never tested."""


@dataclass(frozen=True, slots=True)
class DeviceConfiguration:
    """Gear of the office's LAN that this node polls by SNMP. `address`: host or host:port.

    `version` "2c" with `community`, or "3" with `user` (RFC 3414): without `auth_password` noAuthNoPriv, without
    `priv_password` authNoPriv. `auth_protocol`: SHA, SHA256; `priv_protocol`: AES, AES256.
    """

    name: str
    address: str
    version: str = "2c"
    community: str = field(default="", repr=False)
    user: str = ""
    auth_protocol: str = "SHA"
    auth_password: str = field(default="", repr=False)
    priv_protocol: str = "AES"
    priv_password: str = field(default="", repr=False)
    wan_interface: str = ""
    """Name, alias or index of the interface that is the way out; empty: not a router, or not known."""
    interval_seconds: int = 60


@dataclass(frozen=True, slots=True)
class NodeConfiguration:
    """`probes` None: the hub does not say, the node's own defaults hold."""

    node: str
    site: str
    sampling_interval_seconds: int
    lines: tuple[LineConfiguration, ...]
    probes: ProbesConfiguration | None = None
    meeting_running: bool = False
    """A meeting of this site runs: nothing may load the line."""
    devices: tuple[DeviceConfiguration, ...] = ()
    processes: tuple[str, ...] = ()
    """Names of the programs that should run here, as the process list has them."""

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
        probes=None if top.get("probes") is None else _probes(top["probes"]),
        meeting_running=_flag(top, "meeting_running", "configuration"),
        devices=tuple(
            parse_device(item, f"devices[{index}]")
            for index, item in enumerate(_items(top, "devices", "configuration"))
        ),
        processes=_texts(top, "processes", "configuration"),
    )


def _probes(document: Any) -> ProbesConfiguration:
    probes = _mapping(document, "probes")
    window = probes.get("throughput")
    targets = None
    if probes.get("targets") is not None:
        items = enumerate(_items(probes, "targets", "probes"))
        targets = tuple(_target(item, f"probes.targets[{index}]") for index, item in items)
    return ProbesConfiguration(
        targets=targets,
        resolvers=_texts(probes, "resolvers", "probes"),
        names=_texts(probes, "names", "probes"),
        throughput=None if window is None else _window(window, "probes.throughput"),
    )


def _target(document: Any, where: str) -> ProbeTarget:
    one = _mapping(document, where)
    return ProbeTarget(
        probe=_text(one, "probe", where),
        target=_text(one, "target", where),
        address=_text({"address": "", **one}, "address", where),
        interval_seconds=_integer(one, "interval_seconds", where, 1, 86_400),
    )


def _window(document: Any, where: str) -> ThroughputWindow:
    one = _mapping(document, where)
    return ThroughputWindow(
        begin_minute=_integer(one, "begin_minute", where, 0, 1439),
        end_minute=_integer(one, "end_minute", where, 0, 1439),
        max_bytes=_integer(one, "max_bytes", where, 1, 1 << 30),
        max_seconds=_integer(one, "max_seconds", where, 1, 60),
    )


def parse_device(document: Any, where: str) -> DeviceConfiguration:
    """Raises ConfigurationError with the field's path, never with what it holds."""
    one = _mapping(document, where)
    version = _choice(one, "version", where, ("2c", "3"))
    if not _text(one, "name", where) or not _text(one, "address", where):
        raise ConfigurationError(f"{where}.name or {where}.address is empty")

    def text(name: str) -> str:
        return _text({name: "", **one}, name, where)

    return DeviceConfiguration(
        name=_text(one, "name", where),
        address=_text(one, "address", where),
        version=version,
        community=text("community"),
        user=text("user"),
        auth_protocol=_choice(one, "auth_protocol", where, ("SHA", "SHA256")),
        auth_password=text("auth_password"),
        priv_protocol=_choice(one, "priv_protocol", where, ("AES", "AES256")),
        priv_password=text("priv_password"),
        wan_interface=text("wan_interface"),
        interval_seconds=_integer({"interval_seconds": 60, **one}, "interval_seconds", where, 10, 3600),
    )


def _choice(source: Mapping[str, Any], name: str, where: str, allowed: tuple[str, ...]) -> str:
    """Absent is the first."""
    value = source.get(name, allowed[0])
    if value not in allowed:
        raise ConfigurationError(f"{where}.{name} is none of {', '.join(allowed)}")
    return str(value)


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
        download_mbits=_speed(line, "download_mbits", where),
        upload_mbits=_speed(line, "upload_mbits", where),
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


def _items(source: Mapping[str, Any], name: str, where: str) -> list[Any]:
    """Absent is empty."""
    value = source.get(name, [])
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}.{name} is not a list")
    return value


def _texts(source: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    values = _items(source, name, where)
    if not all(isinstance(value, str) for value in values):
        raise ConfigurationError(f"{where}.{name} is not a list of texts")
    return tuple(values)


def _flag(source: Mapping[str, Any], name: str, where: str) -> bool:
    value = source.get(name, False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where}.{name} is not true or false")
    return value


def _speed(source: Mapping[str, Any], name: str, where: str) -> float | None:
    value = source.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= MAX_MBITS:
        raise ConfigurationError(f"{where}.{name} is not a number of Mbit/s above 0")
    return float(value)


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
