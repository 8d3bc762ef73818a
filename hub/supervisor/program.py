"""What the supervisor must know of a program to run it, and how soon a failed one is tried again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST_RESTART_SECONDS = 0.5
MAX_RESTART_SECONDS = 30.0
STABLE_SECONDS = 30.0
"""A program that ran for so long has proved itself: its next restart is quick again."""


class State(enum.Enum):
    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Program:
    """`stop_seconds`: from SIGTERM to SIGKILL. `drains`: hands its work on at SIGUSR1."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 3.0
    drains: bool = False


@dataclass(frozen=True, slots=True)
class ProgramStatus:
    """`since` in Unix seconds: when the present state began. `detail`: last words of a program that failed."""

    name: str
    state: State
    pid: int | None
    since: float
    restarts: int
    detail: str


@dataclass(slots=True)
class RestartPolicy:
    """Doubling delay between restarts; back to the first one after a stable run. Times in monotonic seconds."""

    _delay: float = FIRST_RESTART_SECONDS

    def after_exit(self, ran_seconds: float) -> float:
        if ran_seconds >= STABLE_SECONDS:
            self._delay = FIRST_RESTART_SECONDS
        delay = self._delay
        self._delay = min(self._delay * 2, MAX_RESTART_SECONDS)
        return delay
