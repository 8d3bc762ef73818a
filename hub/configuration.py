"""hub.toml: every key, its type, its bounds and its default; validated whole before anything starts.

`hub/hub.example.toml` documents the same keys for people; a test holds both together.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from collector.calendars import files as calendars
from exporters.remote_write import selectors
from hub.failure import UserError
from hub.throughput_hours import parse_hours


@dataclass(frozen=True, slots=True)
class HubSection:
    listen: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "text"
    site_code: str = "trung-tam"
    site_name: str = "Trung tâm điều hành"
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseSection:
    """`url` may hold a password: it is in no text of this object, and in no message about it."""

    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StampSection:
    port: int = 8620
    packets_per_second: int = 10


@dataclass(frozen=True, slots=True)
class MediaSection:
    port: int = 8600
    workers: int = 0
    addresses: tuple[str, ...] = ()
    announce: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnSection:
    urls: tuple[str, ...] = ()
    lifetime_seconds: int = 12 * 3600
    relay_only: bool = False


@dataclass(frozen=True, slots=True)
class AgentSection:
    enabled: bool = True
    sampling_interval_seconds: int = 15
    metrics_port: int = 9108
    throughput_hours: str = ""
    processes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PrometheusSection:
    enabled: bool = True
    port: int = 19090
    retention_days: int = 400
    out_of_order_days: int = 14


@dataclass(frozen=True, slots=True)
class AlertmanagerSection:
    """`watchdog_url`: called every 5 minutes while alerts work; it may hold a key, so no message shows it."""

    enabled: bool = True
    port: int = 19093
    watchdog_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class GrafanaSection:
    enabled: bool = True
    port: int = 13000


@dataclass(frozen=True, slots=True)
class OncallSection:
    calendar: str = "vn-offices"
    escalation_seconds: int = 600
    gather_seconds: int = 15
    storm_sites: int = 8
    storm_seconds: int = 600
    messages_per_person_per_hour: int = 30
    link_days: int = 7


@dataclass(frozen=True, slots=True)
class ReceiverSection:
    """Of [remote_write.NAME]. `headers` may hold secrets; the password or token is a secret of its own."""

    url: str = field(default="", repr=False)
    username: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    own_samples: bool = True


@dataclass(frozen=True, slots=True)
class QueueSection:
    max_bytes: int = 4 * 1024**3
    max_age_days: int = 14


@dataclass(frozen=True, slots=True)
class BackupSection:
    enabled: bool = True
    second_folder: str = ""
    keep_days: int = 30


@dataclass(frozen=True, slots=True)
class Configuration:
    hub: HubSection = field(default_factory=HubSection)
    database: DatabaseSection = field(default_factory=DatabaseSection)
    stamp: StampSection = field(default_factory=StampSection)
    media: MediaSection = field(default_factory=MediaSection)
    turn: TurnSection = field(default_factory=TurnSection)
    agent: AgentSection = field(default_factory=AgentSection)
    prometheus: PrometheusSection = field(default_factory=PrometheusSection)
    alertmanager: AlertmanagerSection = field(default_factory=AlertmanagerSection)
    grafana: GrafanaSection = field(default_factory=GrafanaSection)
    oncall: OncallSection = field(default_factory=OncallSection)
    remote_write: Mapping[str, ReceiverSection] = field(default_factory=dict)
    queue: QueueSection = field(default_factory=QueueSection)
    backup: BackupSection = field(default_factory=BackupSection)

    @property
    def is_local(self) -> bool:
        """Listens on loopback only, so plain HTTP is a secure context and no certificate is needed."""
        return self.hub.listen == "localhost" or ipaddress.ip_address(self.hub.listen).is_loopback

    @property
    def scheme(self) -> str:
        return "http" if self.is_local else "https"

    @property
    def local_url(self) -> str:
        """How this machine's own programs reach the hub."""
        wildcard = self.hub.listen in ("0.0.0.0", "::", "localhost")  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if wildcard else self.hub.listen
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.hub.port}"


_BOUNDS: dict[str, tuple[int, int]] = {
    "hub.port": (1, 65535),
    "stamp.port": (1, 65535),
    "stamp.packets_per_second": (1, 50),
    "media.port": (1, 65000),
    "media.workers": (0, 64),
    "turn.lifetime_seconds": (600, 7 * 86400),
    "agent.sampling_interval_seconds": (5, 3600),
    "agent.metrics_port": (1, 65535),
    "prometheus.port": (1, 65535),
    "prometheus.retention_days": (1, 4000),
    "prometheus.out_of_order_days": (1, 60),
    "alertmanager.port": (1, 65535),
    "grafana.port": (1, 65535),
    "oncall.escalation_seconds": (1, 86400),
    "oncall.gather_seconds": (0, 600),
    "oncall.storm_sites": (1, 10_000),
    "oncall.storm_seconds": (10, 86400),
    "oncall.messages_per_person_per_hour": (1, 1000),
    "oncall.link_days": (1, 30),
    "queue.max_bytes": (1024**2, 1024**4),
    "queue.max_age_days": (1, 60),
    "backup.keep_days": (1, 3660),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "hub.log_level": ("debug", "info", "warning", "error"),
    "hub.log_format": ("text", "json"),
    "oncall.calendar": tuple(calendars.shipped()),
}
_SECRET = frozenset({"database.url", "alertmanager.watchdog_url"})
_TYPE_NAMES = {
    int: "a whole number",
    str: "text in quotes",
    bool: "true or false",
    tuple: "a list of texts",
    dict: 'a table of texts: { name = "value" }',
}
_TURN_URL = re.compile(
    r"turns?:(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?:\?transport=(?:udp|tcp))?"
)
_RECEIVER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_RECEIVERS_OF_OURS = ("prometheus",)
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def file_of(data: Path, given: Path | None) -> Path | None:
    """The file to load: the one given, or hub.toml of the data folder when there is one."""
    if given is not None:
        return given
    return data / "hub.toml" if (data / "hub.toml").exists() else None


def load(path: Path | None) -> Configuration:
    """The configuration in `path`, or the defaults. Raises UserError naming the file, the key and the cure."""
    if path is None:
        return Configuration()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such configuration file; copy hub/hub.example.toml there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None
    return parse(document, str(path))


def parse(document: dict[str, Any], where: str) -> Configuration:
    sections: dict[str, Any] = {}
    known = {section.name: section.default_factory for section in dataclasses.fields(Configuration)}
    for name, values in document.items():
        if name not in known:
            raise UserError(f"{where}: unknown section [{name}]{_nearest(name, known)}")
        if not isinstance(values, dict):
            raise UserError(f"{where}: {name} must be a section: write [{name}] on a line of its own")
        if name == "remote_write":
            sections[name] = {one: _receiver(one, given, where) for one, given in values.items()}
        else:
            sections[name] = _section(known[name], name, values, where)
    return Configuration(**sections)


def with_listen(configuration: Configuration, listen: str | None) -> Configuration:
    """The command line's address over the file's. Raises UserError when it is no address."""
    if listen is not None:
        hub = dataclasses.replace(configuration.hub, listen=_address(listen, "hub.listen", "command line"))
        configuration = dataclasses.replace(configuration, hub=hub)
    return configuration


def _receiver(name: str, values: Any, where: str) -> ReceiverSection:
    if not _RECEIVER_NAME.fullmatch(name) or name in _RECEIVERS_OF_OURS:
        raise UserError(
            f"{where}: remote_write.{name}: a receiver's name has at most 32 small letters, digits and hyphens, "
            f"and is not {' or '.join(_RECEIVERS_OF_OURS)}"
        )
    if not isinstance(values, dict):
        raise UserError(f"{where}: each receiver is a section: write [remote_write.{name}] on a line of its own")
    section: ReceiverSection = _section(ReceiverSection, f"remote_write.{name}", values, where)
    if not _is_web_address(section.url):
        raise UserError(
            f"{where}: remote_write.{name}.url must be the full address of the write path, as "
            "https://may-chu/api/v1/write"
        )
    if bool(section.certificate_file) != bool(section.key_file):
        raise UserError(f"{where}: remote_write.{name}: certificate_file and key_file go together")
    for selector in (*section.keep, *section.drop):
        try:
            selectors.parse(selector)
        except selectors.SelectorError as error:
            raise UserError(f"{where}: remote_write.{name}: {error}") from None
    for label in section.labels:
        if not _LABEL_NAME.fullmatch(label):
            raise UserError(f"{where}: remote_write.{name}.labels: {label!r} is no label name")
    return section


def _section(section: Any, name: str, values: dict[str, Any], where: str) -> Any:
    defaults = section()
    fields = {item.name: getattr(defaults, item.name) for item in dataclasses.fields(defaults)}
    given: dict[str, Any] = {}
    for key, value in values.items():
        if key not in fields:
            raise UserError(f"{where}: unknown key {name}.{key}{_nearest(key, fields)}")
        given[key] = _value(value, fields[key], f"{name}.{key}", where)
    return dataclasses.replace(defaults, **given)


def _value(value: Any, default: Any, key: str, where: str) -> Any:
    if isinstance(default, dict):
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise _type_error(key, dict, value, where)
        return value
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _type_error(key, tuple, value, where)
        return tuple(_ITEMS[key](item, key, where) if key in _ITEMS else item for item in value)
    if type(value) is not type(default):
        raise _type_error(key, type(default), value, where)
    if key in _BOUNDS and not _BOUNDS[key][0] <= value <= _BOUNDS[key][1]:
        low, high = _BOUNDS[key]
        raise UserError(f"{where}: {key} = {value} is not between {low} and {high}")
    if key in _CHOICES and value not in _CHOICES[key]:
        raise UserError(f"{where}: {key} = {value!r} is not one of {', '.join(_CHOICES[key])}")
    if key == "hub.listen":
        return _address(value, key, where)
    if key == "alertmanager.watchdog_url" and value and not _is_web_address(value):
        raise UserError(f"{where}: {key} must be an address that begins with https:// or http://, or empty")
    if key == "agent.throughput_hours":
        try:
            parse_hours(value)
        except ValueError as error:
            raise UserError(f"{where}: {key} = {error}; leave it empty to test no line's speed") from None
    return value


def _type_error(key: str, wanted: type, value: Any, where: str) -> UserError:
    hidden = key in _SECRET or key.endswith((".headers", ".url"))
    said = key if hidden else f"{key} = {value!r}"
    return UserError(f"{where}: {said} must be {_TYPE_NAMES[wanted]}")


def _address(text: str, key: str, where: str) -> str:
    if text == "localhost":
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UserError(
            f"{where}: {key} = {text!r} is not an IP address (127.0.0.1 for this machine, 0.0.0.0 for the LAN)"
        ) from None


def _announced(text: str, key: str, where: str) -> str:
    """An address, or two: 203.0.113.5=10.0.0.5."""
    return "=".join(_address(part, key, where) for part in text.split("=", 1))


def _turn_url(text: str, key: str, where: str) -> str:
    """RFC 7065."""
    if not _TURN_URL.fullmatch(text):
        raise UserError(
            f"{where}: {key} = {text!r} is no address of a TURN server, as turn:may-chu:3478?transport=udp, "
            "turn:may-chu:3478?transport=tcp or turns:may-chu:443?transport=tcp"
        )
    return text


_ITEMS = {"media.announce": _announced, "media.addresses": _address, "turn.urls": _turn_url}


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
