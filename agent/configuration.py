"""What the hub wants of this node: fetched by ETag, kept on disk for the time without the hub."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from agent.hub_client import Answer, Connection
from agent.state import replace_file
from agent.wire.configuration import CONFIG_PATH, ConfigurationError, NodeConfiguration, parse_configuration

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 60.0
DEFAULT_SAMPLING_INTERVAL_SECONDS = 15


class RefusedError(Exception):
    """The hub does not give its configuration to this key."""


@dataclass(frozen=True, slots=True)
class Cached:
    """`configuration` None: never had one."""

    configuration: NodeConfiguration | None = None
    etag: str | None = None


def load(path: Path) -> Cached:
    """What was stored last; nothing when there is none or it is damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Cached(parse_configuration(document["configuration"]), str(document["etag"]))
    except FileNotFoundError:
        return Cached()
    except (OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("the stored configuration %s cannot be used (%s); asking the hub", path, error)
        return Cached()


def store(path: Path, cached: Cached) -> None:
    """Raises OSError."""
    if cached.configuration is not None:
        document = {"etag": cached.etag, "configuration": cached.configuration.to_json()}
        # It holds the lines' STAMP keys.
        replace_file(path, json.dumps(document, ensure_ascii=False).encode())


def fetch(connection: Connection, key: str, cached: Cached) -> Cached:
    """Blocking. The same object when nothing changed.

    Raises HubUnreachableError, RefusedError, ConfigurationError.
    """
    headers = {"Authorization": f"Bearer {key}"}
    if cached.etag is not None:
        headers["If-None-Match"] = cached.etag
    answer = connection.request("GET", CONFIG_PATH, headers=headers)
    match answer.status:
        case 304:
            return cached
        case 200:
            return Cached(parse(answer), answer.headers.get("etag"))
        case 401:
            raise RefusedError("the hub does not know this node's key; enrol again")
        case status:
            raise ConfigurationError(f"the hub answered {status} instead of a configuration")


def parse(answer: Answer) -> NodeConfiguration:
    """Raises ConfigurationError."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ConfigurationError("configuration is not JSON") from None
    return parse_configuration(document)
