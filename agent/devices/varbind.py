"""What devices answer, free of any library: object identifiers as tuples, values as Python's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Oid = tuple[int, ...]
Value = int | bytes | Oid | None
"""None: the device has no such object, or nothing after it."""


class SnmpError(Exception):
    """The device answers with an error, or not as SNMP asks; the text says how."""


class SnmpTimeoutError(SnmpError):
    """No answer came in time."""


@dataclass(frozen=True, slots=True)
class VarBind:
    oid: Oid
    value: Value


def oid(text: str) -> Oid:
    return tuple(int(part) for part in text.split("."))


class Walked:
    """What a poll has found, by column: `root` of the column → index → value."""

    def __init__(self, columns: Mapping[Oid, Sequence[VarBind]]) -> None:
        self._columns = {
            root: {one.oid[len(root) :]: one.value for one in found if len(one.oid) > len(root)}
            for root, found in columns.items()
        }

    def column(self, root: Oid) -> Mapping[Oid, Value]:
        return self._columns.get(root, {})

    def number(self, root: Oid, index: Oid) -> int | None:
        value = self.column(root).get(index)
        return value if isinstance(value, int) else None

    def text(self, root: Oid, index: Oid) -> str:
        """One line, empty when there is none."""
        value = self.column(root).get(index)
        return printable(value) if isinstance(value, bytes) else ""


def printable(value: bytes) -> str:
    text = " ".join(value.decode("utf-8", "replace").strip("\0 ").split())
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:100]


def physical_address(value: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in value)
