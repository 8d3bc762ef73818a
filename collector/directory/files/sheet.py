"""What a file is once it is read: rows of text with the line that each stood on, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.directory.failure import Message

MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 100
MAX_CELL_CHARACTERS = 4_000


class FileRefusedError(ValueError):
    """The file as a whole cannot be read; nothing of it was looked at."""

    def __init__(self, vi: str, en: str, line: int = 0) -> None:
        super().__init__(f"{vi} / {en}")
        self.message = Message(vi, en)
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """Field → text as written. `line` counts from 1, as an editor shows it."""

    noun: str
    line: int
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadCell:
    """A line that cannot be taken, or a whole file's heading; `column` as it stands in the file."""

    noun: str
    line: int
    column: str
    value: str
    message: Message


@dataclass(slots=True)
class Sheet:
    """`headings`: field → the column as it is called in the file."""

    encoding: str
    rows: list[Row] = field(default_factory=list)
    bad: list[BadCell] = field(default_factory=list)
    warnings: list[BadCell] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
