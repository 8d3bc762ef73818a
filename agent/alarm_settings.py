"""What this node does itself when its hub is silent: `alarm.toml` in the state folder, which may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from agent.failure import UserError

DEFAULT_AFTER_MINUTES = 15.0
MAX_AFTER_MINUTES = 7 * 24 * 60.0
COMMAND_SECONDS = 60.0
MAX_COMMAND_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """`command` empty: logged, counted and written to the state file only. It is killed after `command_seconds`."""

    after_minutes: float = DEFAULT_AFTER_MINUTES
    command: tuple[str, ...] = ()
    command_seconds: float = COMMAND_SECONDS


def load(path: Path) -> AlarmSettings:
    """Raises UserError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return AlarmSettings()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); mend it or remove it") from None
    return parse(text, str(path))


def parse(text: str, where: str) -> AlarmSettings:
    """Raises UserError."""
    import tomllib

    try:
        top = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{where}: is not TOML ({error}); mend it or remove it") from None
    _known(top, ("alarm",), where)
    table = top.get("alarm", {})
    if not isinstance(table, dict):
        raise UserError(f"{where}: alarm is not a table; write [alarm]")
    _known(table, ("after_minutes", "command", "command_seconds"), where)
    command = table.get("command", [])
    if not isinstance(command, list) or not all(isinstance(one, str) and one and "\0" not in one for one in command):
        raise UserError(f'{where}: command is not a list of texts; write command = ["/path/to/program", "argument"]')
    return AlarmSettings(
        _number(table, "after_minutes", DEFAULT_AFTER_MINUTES, 0.01, MAX_AFTER_MINUTES, where),
        tuple(command),
        _number(table, "command_seconds", COMMAND_SECONDS, 1.0, MAX_COMMAND_SECONDS, where),
    )


def _known(table: dict[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in table:
        if name not in names:
            near = get_close_matches(name, names, 1, 0) or names[:1]
            raise UserError(f"{where}: {name!r} is not known; the nearest that is: {near[0]}")


def _number(table: dict[str, Any], name: str, default: float, low: float, high: float, where: str) -> float:
    value = table.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise UserError(f"{where}: {name} is not a number from {low:g} to {high:g}")
    return float(value)
