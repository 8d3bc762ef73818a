"""JSON messages as frozen dataclasses: one codec for signaling and for the control socket. Knows no transport.

Unknown fields are ignored, so that an old page talks to a new hub; a wrong or missing one is the peer's error.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

Registry = Mapping[str, type[Any]]
_DEPTH_LIMIT = 8


class MessageError(ValueError):
    """The peer's message cannot be used; the text says which field and why."""


def encode(message: Any, registry: Registry) -> str:
    """One line of JSON with the message's `type` first."""
    for name, kind in registry.items():
        if type(message) is kind:
            body = json.dumps(_plain(message), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            separator = "" if body == "{}" else ","
            return f'{{"type":"{name}"{separator}{body[1:]}'
    raise TypeError(f"{type(message).__name__} is not in this registry")


def decode(text: str | bytes, registry: Registry, *, longest: int) -> Any:
    """The message of a line. Raises MessageError, for whatever bytes come."""
    if len(text) > longest:
        raise MessageError(f"longer than {longest} bytes")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise MessageError("not JSON") from None
    if not isinstance(document, dict):
        raise MessageError("not an object")
    name = document.get("type")
    kind = registry.get(name) if isinstance(name, str) else None
    if kind is None:
        raise MessageError("unknown type")
    return _read(kind, document, str(name), 0)


def from_document(kind: type[Any], document: Any, where: str) -> Any:
    """A dataclass of already parsed JSON. Raises MessageError."""
    return _read(kind, document, where, 0)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, enum.Enum) else value


def _read(kind: Any, value: Any, where: str, depth: int) -> Any:
    if depth > _DEPTH_LIMIT:
        raise MessageError(f"{where} is nested too deeply")
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _read_optional(kind, value, where, depth)
    if origin is tuple:
        if not isinstance(value, list):
            raise MessageError(f"{where} is not a list")
        item = typing.get_args(kind)[0]
        return tuple(_read(item, part, f"{where}[{index}]", depth + 1) for index, part in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise MessageError(f"{where} is not an object")
        item = typing.get_args(kind)[1]
        return {key: _read(item, part, f"{where}.{key}", depth + 1) for key, part in value.items()}
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where, depth)
    return _read_scalar(kind, value, where)


def _read_optional(kind: Any, value: Any, where: str, depth: int) -> Any:
    if value is None:
        return None
    (member,) = (part for part in typing.get_args(kind) if part is not type(None))
    return _read(member, value, where, depth)


def _read_dataclass(kind: Any, value: Any, where: str, depth: int) -> Any:
    if not isinstance(value, dict):
        raise MessageError(f"{where} is not an object")
    hints = typing.get_type_hints(kind)
    values = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            values[field.name] = _read(hints[field.name], value[field.name], f"{where}.{field.name}", depth + 1)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise MessageError(f"{where}.{field.name} is missing")
    return kind(**values)


def _read_scalar(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            raise MessageError(f"{where} has an unknown value") from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise MessageError(f"{where} is too large") from None
    if type(value) is not kind:
        raise MessageError(f"{where} is not of type {kind.__name__}")
    if kind is str and any("\ud800" <= character <= "\udfff" for character in value):
        raise MessageError(f"{where} is not valid text")
    return value
