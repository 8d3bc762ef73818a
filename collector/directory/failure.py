"""What can be wrong with what a user asks of the directory, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence, in Vietnamese and in English."""

    vi: str
    en: str

    def __str__(self) -> str:
        return f"{self.vi} / {self.en}"


class DirectoryError(ValueError):
    """What the user asked for cannot be put into the directory."""


class CellError(ValueError):
    """The text of one field cannot be what the field holds."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi} / {en}")
        self.message = Message(vi, en)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an object cannot be as it was asked for; `field` is empty when it is not about one."""

    noun: str
    key: str
    field: str
    message: Message


class RefusedError(DirectoryError):
    """Nothing was changed: the objects would not be right afterwards."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.noun} {one.key} {one.field}: {one.message}" for one in problems[:5]))
        self.problems = tuple(problems)


class UnknownError(DirectoryError):
    """There is no such object or change."""

    def __init__(self, noun: str, key: str) -> None:
        super().__init__(f"Không có {noun} {key!r}. / There is no {noun} {key!r}.")


class ConflictError(DirectoryError):
    """Somebody else changed it meanwhile, or something newer stands in the way."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(f"{vi} / {en}")
        self.message = Message(vi, en)
