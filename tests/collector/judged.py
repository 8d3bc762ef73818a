"""Minutes of lines as the judging tests build them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector import directory
from collector.directory import load_view
from collector.ingest.watch import EchoWatch
from collector.quality import work
from collector.quality.evidence import evidence_of, write_evidence
from collector.quality.judging import Pass, judge
from collector.quality.minutes import write_windows
from collector.quality.profile import shipped
from collector.quality.windows import WindowFigures
from collector.tables import Line, LineEpisode, LineMinute, Node, NodeMinute
from tests.collector.support import NOW

START = int(NOW)
LIMITS = shipped().limits
RECEIVED = {"good": 100, "weak": 97, "bad": 90, "down": 0}


def minute_at(number: int) -> int:
    return START + 60 * number


def windows(line: str, number: int, level: str) -> list[WindowFigures]:
    received = RECEIVED[level]
    values = {"sent": 100, "received": received, "lost_up": 100 - received, "lost_down": 0, "unmeasured": 0}
    values |= dict.fromkeys(("late", "duplicate", "reordered", "skipped", "late_sends", "loss_bursts"), 0)
    times = {"rtt_min": 0.01, "rtt_p50": 0.01, "rtt_p95": 0.02, "rtt_max": 0.02} if received else {}
    return [WindowFigures(line, (minute_at(number) + 10 * n) * 1000, {**values, **times}) for n in range(1, 7)]


def build(session: Session, sites: Mapping[str, str]) -> dict[str, int]:
    """Sites (code → provider), each with one line `<code>-1` measured by a node `n-<code>`; line → id."""
    for code, provider in sites.items():
        site = directory.ensure_site(session, code, code)
        session.flush()
        session.add(
            Node(id=f"n-{code}", site_id=site.id, hostname=code, platform="", version="", key_sha256=code,
                 enrolled_at=1.0)
        )  # fmt: skip
        session.flush()
        line = session.scalars(select(Line).where(Line.site_id == site.id)).one()
        line.provider, line.measured_by = provider, f"n-{code}"
    session.flush()
    return {line.code: line.id for line in session.scalars(select(Line))}


def measure(session: Session, ids: Mapping[str, int], line: str, levels: Mapping[int, str]) -> None:
    """Minute number → level."""
    found = [window for number, level in levels.items() for window in windows(line, number, level)]
    work.mark(session, write_windows(session, found, ids, NOW))
    session.flush()


def echo(session: Session, ids: Mapping[str, int], node: str, numbers: Iterable[int], **hops: int) -> None:
    """Hop → answers of ten echoes, in each of these minutes."""
    for number in numbers:
        samples = [
            (EchoWatch(hop, field), (minute_at(number) + 10) * 1000, float(value))
            for hop, answered in hops.items()
            for field, value in (("sent", 10), ("received", answered))
        ]
        write_evidence(session, [evidence_of(node, samples)])
        work.mark(session, {ids[f"{node.removeprefix('n-')}-1"]: [minute_at(number)]})
    session.flush()


def live(session: Session, node: str, numbers: Iterable[int], booted: float = START - 86400.0) -> None:
    """The node's own readings."""
    session.add_all(
        NodeMinute(node_id=node, minute=minute_at(number), boot_time_seconds=booted) for number in numbers
    )
    session.flush()


def look(session: Session, number: int, *, silence_counts: bool = True) -> Pass:
    """A pass of judging at the end of that minute."""
    now = minute_at(number) + 60.0
    view = load_view(session)
    done = judge(session, view, LIMITS, now, live=silence_counts)
    while work.waiting(session):
        judge(session, view, LIMITS, now, live=silence_counts)
    session.flush()
    return done


def states(session: Session, line_id: int) -> str:
    """First letters of the states in order of time."""
    session.expire_all()
    rows = session.scalars(select(LineMinute).where(LineMinute.line_id == line_id).order_by(LineMinute.minute))
    return "".join((row.state or "-")[0] for row in rows)


def episodes(session: Session, line_id: int) -> list[tuple[int, int | None, str, str]]:
    """(Number of its first minute, of the one after it, state, cause)."""
    session.expire_all()
    rows = session.scalars(select(LineEpisode).where(LineEpisode.line_id == line_id).order_by(LineEpisode.began))
    return [
        ((row.began - START) // 60, None if row.ended is None else (row.ended - START) // 60, row.state, row.cause)
        for row in rows
    ]
