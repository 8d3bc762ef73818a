"""How each line stands by its judged minutes: the state it is in, since when, and whose fault it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.directory.view import DirectoryView
from collector.snapshot import State
from collector.tables import LineEpisode, LineMinute

FRESH_SECONDS = 240
"""An older last minute says nothing of the present."""
_REMEMBERED_SECONDS = 40 * 86400


@dataclass(frozen=True, slots=True)
class Standing:
    state: State
    since: float | None
    """Unix seconds; None: longer than is known."""
    cause: str | None = None
    evidence: Mapping[str, str] | None = None


def standings_of(session: Session, view: DirectoryView, now: float) -> dict[int, Standing]:
    """Line id → standing, of lines of which something is known."""
    ids = [line.id for line in view.lines]
    open_now = {row.line_id: row for row in session.scalars(select(LineEpisode).where(LineEpisode.ended.is_(None)))}
    ends = (
        select(LineEpisode.line_id, func.max(LineEpisode.ended))
        .where(LineEpisode.ended > now - _REMEMBERED_SECONDS)
        .group_by(LineEpisode.line_id)
    )
    ended = {line_id: until for line_id, until in session.execute(ends) if until is not None}
    found = {}
    for line_id in ids:
        episode = open_now.get(line_id)
        if episode is not None and episode.state == "no_data":
            found[line_id] = Standing("no_data", episode.began, episode.cause, episode.evidence)
            continue
        last = session.execute(
            select(LineMinute.minute, LineMinute.state)
            .where(LineMinute.line_id == line_id, LineMinute.state.is_not(None))
            .order_by(LineMinute.minute.desc())
            .limit(1)
        ).first()
        if last is None or last.minute < now - FRESH_SECONDS:
            continue
        state = cast(State, last.state)
        if episode is not None:
            # What it is now may be less than the worst of the episode.
            found[line_id] = Standing(state, episode.began, episode.cause, episode.evidence)
        else:
            found[line_id] = Standing(state, ended.get(line_id))
    return found
