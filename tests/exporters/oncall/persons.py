"""People, places and hours that the tests of the bridge share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from collector.calendars import files
from collector.directory.days import HANOI
from exporters.oncall.contracts import Contact, Person

CALENDARS = {"": files.shipped()[files.USUAL], **files.shipped()}


def at(text: str) -> float:
    """Unix seconds of a time in Vietnam: 2026-11-24 09:00."""
    return datetime.fromisoformat(text).replace(tzinfo=HANOI).timestamp()


def person(code: str, *, quiet: tuple[tuple[int, int], ...] = (), channels: Sequence[str] = ("webhook",)) -> Person:
    return Person(code, code.title(), tuple(Contact(one, f"{one}:{code}") for one in channels), quiet=quiet)


AN, BINH, CHI, DUNG = person("an"), person("binh"), person("chi"), person("dung")
LAYERS = ((AN,), (BINH,), (CHI,), (DUNG,))
"""First technician, second, leader, everybody else."""
