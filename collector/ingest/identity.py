"""Who writes: what ingest must know of a node, and nothing else of the directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    node: str
    site: str
    lines: Mapping[str, int]
    """All lines of the node's site: code → id. It may label its series with no other."""
    measures: frozenset[str]
    """The lines that this node measures: only from it do their minutes come."""
    clock_offset_ms: int = field(default=0, compare=False)
    """As it was held when the hub last stopped."""
    writer: str = ""
    """Name of a program of others, which may write under names of its own only; "": an agent of ours."""
