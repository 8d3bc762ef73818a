"""The node's own alarm when no address of the hub answers: log, state file, command, and an event for the hub.

While the hub is silent it can tell nobody; the command (an SMS by a modem, another system) is the way round.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from agent.alarm_settings import AlarmSettings
from agent.clock import Moment
from agent.hub_silence import Began, HubSilence, Over, standing, word
from agent.queue_events import Happening
from agent.samples import Family, Kind, Sample
from agent.state import replace_file
from agent.status import duration

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0

FAMILIES = (
    Family("thongsuot_agent_hub_silent", Kind.GAUGE, "1 while this node's own alarm of a silent hub stands."),
    Family("thongsuot_agent_hub_silences_total", Kind.COUNTER, "Silences of the hub that this process told of."),
    Family("thongsuot_agent_alarm_failures_total", Kind.COUNTER, "Local alarms whose command failed or hung."),
)

Commit = Callable[[dict[str, str], tuple[Happening, ...]], Awaitable[None]]
Known = Callable[[], tuple[bool | None, bool | None]]
"""Whether the gateway, and the provider's first hop, answer; None: not known."""

_ANSWER = {True: ("trả lời", "answers"), False: ("không trả lời", "does not answer"), None: ("chưa rõ", "not known")}
_WORD = {True: "answers", False: "silent", None: "unknown"}


class Alarm:
    """`about`: who this node is, for the command's environment. `file`: there while an alarm stands."""

    def __init__(
        self,
        settings: AlarmSettings,
        file: Path,
        about: dict[str, str],
        answered_at: Callable[[], float | None],
        known: Known,
        commit: Commit,
        moment: Callable[[], Moment],
    ) -> None:
        self._settings = settings
        self._file = file
        self._about = about
        self._answered_at = answered_at
        self._known = known
        self._commit = commit
        self._moment = moment
        self._silences = 0
        self._failures = 0
        self._silence = HubSilence(settings.after_minutes * 60, moment().monotonic, self._standing())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            now = self._moment().monotonic
            match self._silence.look(self._answered_at(), now):
                case Began(seconds):
                    await self._begin(seconds)
                case Over(seconds):
                    await self._end(seconds)
            await asyncio.sleep(LOOK_SECONDS)

    def figures(self) -> list[Sample]:
        return [
            Sample("thongsuot_agent_hub_silent", int(self._silence.alarmed)),
            Sample("thongsuot_agent_hub_silences_total", self._silences),
            Sample("thongsuot_agent_alarm_failures_total", self._failures),
        ]

    def _standing(self) -> float | None:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logger.warning("%s cannot be read (%s); the hub's silence is counted anew", self._file, error)
            return None
        now = self._moment()
        return standing(text, now.unix, now.monotonic, now.boot)

    async def _begin(self, seconds: float) -> None:
        self._silences += 1
        gateway, first_hop = self._known()
        text = (
            f"Máy chủ trung tâm im lặng {duration(seconds)}; cổng mạng {_ANSWER[gateway][0]}, "
            f"chặng đầu nhà mạng {_ANSWER[first_hop][0]} / the hub has been silent for {duration(seconds)}; "
            f"the gateway {_ANSWER[gateway][1]}, the provider's first hop {_ANSWER[first_hop][1]}"
        )
        logger.warning("%s", text)
        now = self._moment()
        try:
            replace_file(self._file, word(self._silence.since, now.unix - seconds, now.boot), 0o644)
        except OSError as error:
            logger.error("%s: cannot be written (%s); a next start tells of this silence again", self._file, error)
        seen = {"THONGSUOT_GATEWAY": _WORD[gateway], "THONGSUOT_FIRST_HOP": _WORD[first_hop]}
        await self._command("silent", seconds, text, seen)

    async def _end(self, seconds: float) -> None:
        text = (
            f"Máy chủ trung tâm trả lời lại sau {duration(seconds)} im lặng / "
            f"the hub answers again after {duration(seconds)} of silence"
        )
        logger.warning("%s", text)
        happening = Happening("agent.hub_silence", "warning", "", {"seconds": round(seconds, 1)})
        try:
            await self._commit({}, (happening,))
        except (sqlite3.Error, OSError) as error:
            logger.error("the disk does not take word of the hub's silence: %s", error)
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            logger.error("%s: cannot be removed (%s); remove it by hand", self._file, error)
        await self._command("over", seconds, text, {})

    async def _command(self, what: str, seconds: float, text: str, seen: dict[str, str]) -> None:
        """Once: what fails is logged and counted, and not tried again."""
        if not self._settings.command:
            return
        said = {"THONGSUOT_ALARM": what, "THONGSUOT_ALARM_SECONDS": f"{seconds:.0f}", "THONGSUOT_ALARM_TEXT": text}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._settings.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, **self._about, **said, **seen},
            )
        except (OSError, ValueError) as error:
            self._failures += 1
            logger.error("alarm command %s: cannot be started (%s)", self._settings.command[0], error)
            return
        try:
            async with asyncio.timeout(self._settings.command_seconds):
                status = await process.wait()
        except TimeoutError:
            status = None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if status is None:
            self._failures += 1
            logger.error("alarm command: not done within %g s, killed", self._settings.command_seconds)
        elif status != 0:
            self._failures += 1
            logger.error("alarm command: exit status %d", status)
