"""How the offices' gear is asked by SNMP: communities and keys, from a file of secrets and not from the database.

[default]                      # for all devices of these kinds that are not named below; may be left out
kinds = ["router", "switch"]
version = "2c"
community = "…"

[devices.router-kim-xa]        # by the device's code
version = "3"
user = "…"
auth_password = "…"
priv_password = "…"
wan_interface = "ether1"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.wire.configuration import ConfigurationError, DeviceConfiguration, parse_device
from collector.directory.view import DeviceRecord

_FIELDS = frozenset(DeviceConfiguration.__dataclass_fields__) - {"name", "address"}


class SnmpAccessError(ValueError):
    """The file cannot be used: which field, and why; never what it holds."""


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    default: Mapping[str, Any] | None = field(default=None, repr=False)
    kinds: frozenset[str] = frozenset()
    """Of devices that are asked as `default` says."""
    devices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """By code."""

    def of(self, device: DeviceRecord) -> DeviceConfiguration | None:
        """None: it is not asked, or the directory has no address of it."""
        said = self.devices.get(device.device, self.default if device.kind in self.kinds else None)
        if said is None or not device.address:
            return None
        return parse_device({**said, "name": device.device, "address": device.address}, device.device)


def parse(text: str) -> SnmpAccess:
    """Raises SnmpAccessError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Its message tells the place, not the content.
        raise SnmpAccessError(f"not valid TOML: {error}") from None
    unknown = document.keys() - {"default", "devices"}
    if unknown:
        raise SnmpAccessError(f"unknown section [{min(unknown)}]; there are [default] and [devices.CODE]")
    default = document.get("default")
    kinds: Any = []
    if default is not None:
        default = dict(_table(default, "default"))
        kinds = default.pop("kinds", None)
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise SnmpAccessError('default.kinds is not a list of kinds, e.g. ["router", "switch", "ups"]')
        _check(default, "default")
    devices = _table(document.get("devices", {}), "devices")
    for code, said in devices.items():
        _check(_table(said, f"devices.{code}"), f"devices.{code}")
    return SnmpAccess(default, frozenset(kinds), devices)


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SnmpAccessError(f"{where} is not a section")
    return value


def _check(said: Mapping[str, Any], where: str) -> None:
    unknown = said.keys() - _FIELDS
    if unknown:
        raise SnmpAccessError(f"{where}.{min(unknown)} is unknown; there are: {', '.join(sorted(_FIELDS))}")
    try:
        parse_device({**said, "name": "x", "address": "x"}, where)
    except ConfigurationError as error:
        raise SnmpAccessError(str(error)) from None
