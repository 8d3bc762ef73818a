"""Evidence for verdicts, read from the minutes around the beginning of an episode."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from collector.directory.view import DirectoryView
from collector.faults import FaultEvidence, Hop, Neighbours
from collector.quality.episodes import NO_DATA, Run
from collector.tables import EvidenceMinute, LineMinute, NodeEvent, NodeMinute

LOOKED_AT_SECONDS = 15 * 60
"""A cause shows at the beginning; what comes later, as after a day without power, may hide it."""
BEFORE_SECONDS = 15 * 60
POWER_BEFORE_SECONDS = 180
AFTER_SECONDS = 10 * 60
LAST_GASP = "power.last_gasp"
STOPPING = "agent.stopping"
STARTED = "agent.started"
TELLING = frozenset({LAST_GASP, STOPPING, STARTED})
"""Kinds of events that a verdict asks for."""
_BOOT_TOLERANCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class LinePlace:
    """What a verdict asks of the directory. Empty texts: not known."""

    line_id: int
    site: str = ""
    provider: str = ""
    node: str | None = None
    area: str = ""
    """The unit above the site's own."""


def places_of(view: DirectoryView) -> dict[int, LinePlace]:
    areas = {site.site: site.area or "" for site in view.sites}
    return {
        line.id: LinePlace(
            line.id, line.site, line.provider.strip().casefold(), line.measured_by, areas.get(line.site, "")
        )
        for line in view.lines
    }


class Witnesses:
    """Asked within one transaction; what several episodes ask alike is read once."""

    def __init__(self, session: Session, view: DirectoryView, now: float) -> None:
        self._session = session
        self._now = now
        self._places = places_of(view)
        self._measured = sorted(place.line_id for place in self._places.values() if place.node is not None)
        self._mates: dict[str, list[str]] = defaultdict(list)
        for node in view.nodes:
            self._mates[node.site].append(node.node)
        self._courses: dict[tuple[int, int], Mapping[int, _Course]] = {}

    def evidence(self, line_id: int, run: Run) -> FaultEvidence:
        place = self._places.get(line_id, LinePlace(line_id))
        end = self._end(run)
        loss, rtt = self._line(line_id, run.began, end)
        hops, on_battery, wan_up = self._echoes(place.node, run.began, end)
        said = self._last_words(place.node, run.began)
        same, near, everywhere = self._neighbours(place, run, end)
        silent = run.state == NO_DATA
        return FaultEvidence(
            state=run.state,
            ended=run.ended is not None,
            loss=loss,
            rtt=rtt,
            gateway=hops.get("gateway"),
            first_hop=hops.get("first_hop"),
            hub=hops.get("hub"),
            same_provider=same,
            same_area=near,
            everywhere=everywhere,
            wan_up=wan_up,
            on_battery=on_battery,
            last_gasp=LAST_GASP if LAST_GASP in said else "",
            stopped=STOPPING in said,
            booted=self._booted(place.node, run) if silent else None,
            sampled=silent and self._sampled([place.node], run) > 0,
            mates=self._sampled([one for one in self._mates[place.site] if one != place.node], run) if silent else 0,
            lines_of_site=sum(other.site == place.site for other in self._places.values()) or 1,
        )

    def _end(self, run: Run) -> int:
        now = int(self._now) // 60 * 60
        return max(run.began + 60, min(run.ended or now, run.began + LOOKED_AT_SECONDS))

    def _line(self, line_id: int, since: int, until: int) -> tuple[float | None, float | None]:
        lost = LineMinute.lost_up + LineMinute.lost_down + LineMinute.lost_unknown
        row = self._session.execute(
            select(func.sum(lost), func.sum(LineMinute.sent - LineMinute.unmeasured), func.avg(LineMinute.rtt_p50))
            .where(LineMinute.line_id == line_id, LineMinute.minute >= since, LineMinute.minute < until)
        ).one()  # fmt: skip
        return (min(1.0, row[0] / row[1]) if row[1] else None), row[2]

    def _echoes(self, node: str | None, since: int, until: int) -> tuple[dict[str, Hop], bool | None, bool | None]:
        if node is None:
            return {}, None, None
        rows = self._session.scalars(
            select(EvidenceMinute).where(
                EvidenceMinute.node_id == node,
                EvidenceMinute.minute >= since - POWER_BEFORE_SECONDS,
                EvidenceMinute.minute < until,
            )
        ).all()
        during = [row for row in rows if row.minute >= since]
        hops = {}
        for hop in ("gateway", "first_hop", "hub"):
            sent = sum(getattr(row, f"{hop}_sent") for row in during)
            rtts = [rtt for row in during if (rtt := getattr(row, f"{hop}_rtt_p50")) is not None]
            if sent:
                received = sum(getattr(row, f"{hop}_received") for row in during)
                hops[hop] = Hop(sent, min(sent, received), sum(rtts) / len(rtts) if rtts else None)
        batteries = [row.on_battery for row in rows if row.on_battery is not None]
        wans = [row.wan_up for row in during if row.wan_up is not None]
        return hops, any(batteries) if batteries else None, all(wans) if wans else None

    def _last_words(self, node: str | None, began: int) -> frozenset[str]:
        """Kinds of farewell that the node said around the beginning."""
        if node is None:
            return frozenset()
        return frozenset(
            self._session.scalars(
                select(NodeEvent.kind).where(
                    NodeEvent.node_id == node,
                    NodeEvent.at >= began - POWER_BEFORE_SECONDS,
                    NodeEvent.at < began + 120,
                    NodeEvent.kind.in_((LAST_GASP, STOPPING)),
                )
            )
        )

    def _booted(self, node: str | None, run: Run) -> bool | None:
        if node is None or run.ended is None:
            return None
        boot = NodeMinute.boot_time_seconds
        where = (NodeMinute.node_id == node, boot.is_not(None))
        before = self._session.scalar(
            select(boot).where(*where, NodeMinute.minute <= run.began).order_by(NodeMinute.minute.desc()).limit(1)
        )
        after = self._session.scalar(
            select(boot)
            .where(*where, NodeMinute.minute >= run.ended - 60, NodeMinute.minute < run.ended + AFTER_SECONDS)
            .order_by(NodeMinute.minute)
            .limit(1)
        )
        if after is None:
            return self._said_to_be_rebooted(node, run.ended)
        # The boot time is computed from a clock that NTP moves.
        return bool(after > (run.began - 60 if before is None else before + _BOOT_TOLERANCE_SECONDS))

    def _said_to_be_rebooted(self, node: str, ended: int) -> bool | None:
        """By the agent's own account when it started again."""
        detail = self._session.scalar(
            select(NodeEvent.detail)
            .where(
                NodeEvent.node_id == node,
                NodeEvent.kind == STARTED,
                NodeEvent.at >= ended - 300,
                NodeEvent.at < ended + AFTER_SECONDS,
            )
            .order_by(NodeEvent.at)
            .limit(1)
        )
        rebooted = (detail or {}).get("rebooted")
        return rebooted if isinstance(rebooted, bool) else None

    def _sampled(self, nodes: Iterable[str | None], run: Run) -> int:
        """How many of these nodes said something of themselves meanwhile, its edges left out."""
        until = (run.ended if run.ended is not None else self._now) - 60
        wanted = [node for node in nodes if node is not None]
        if not wanted:
            return 0
        count = self._session.scalar(
            select(func.count(NodeMinute.node_id.distinct())).where(
                NodeMinute.node_id.in_(wanted), NodeMinute.minute > run.began, NodeMinute.minute < until
            )
        )
        return count or 0

    def _neighbours(self, place: LinePlace, run: Run, end: int) -> tuple[Neighbours, Neighbours, Neighbours]:
        """Of the same provider, of the same area, all."""
        courses = self._course_of_all(run.began, end)
        expected = (end - run.began) // 60
        outage = run.state in ("down", NO_DATA)
        of_site: dict[str, list[bool]] = defaultdict(list)
        of_provider: dict[str, list[bool]] = defaultdict(list)
        of_area: dict[str, list[bool]] = defaultdict(list)
        for line_id, course in courses.items():
            other = self._places[line_id]
            if other.site == place.site or not course.was_well(outage):
                continue
            affected = 2 * course.well(outage) < expected
            of_site[other.site].append(affected)
            if place.provider and other.provider == place.provider:
                of_provider[other.site].append(affected)
            if place.area and other.area == place.area:
                of_area[other.site].append(affected)
        return _sites(of_provider), _sites(of_area), _sites(of_site)

    def _course_of_all(self, since: int, until: int) -> Mapping[int, _Course]:
        found = self._courses.get((since, until))
        if found is None:
            during = case((LineMinute.minute < since, 0), else_=1)
            rows = self._session.execute(
                select(LineMinute.line_id, during, LineMinute.state, func.count())
                .where(
                    LineMinute.line_id.in_(self._measured),
                    LineMinute.minute >= since - BEFORE_SECONDS,
                    LineMinute.minute < until,
                    LineMinute.state.is_not(None),
                )
                .group_by(LineMinute.line_id, during, LineMinute.state)
            )
            made: dict[int, _Course] = defaultdict(_Course)
            for line_id, later, state, count in rows:
                made[line_id].add(bool(later), str(state), count)
            found = self._courses[since, until] = dict(made)
        return found


class _Course:
    """Minutes of one line by state, before a moment and from then on."""

    def __init__(self) -> None:
        self._before: Counter[str] = Counter()
        self._during: Counter[str] = Counter()

    def add(self, later: bool, state: str, count: int) -> None:
        (self._during if later else self._before)[state] += count

    def well(self, outage: bool) -> int:
        return _well(self._during, outage)

    def was_well(self, outage: bool) -> bool:
        """What was in trouble long before did not come to it at the same time."""
        return 2 * _well(self._before, outage) > self._before.total()


def _well(states: Counter[str], outage: bool) -> int:
    return states["good"] + (states["weak"] + states["bad"] if outage else 0)


def _sites(lines: Mapping[str, list[bool]]) -> Neighbours:
    """A site is in trouble when all its lines that count here are."""
    return Neighbours(len(lines), sum(all(affected) for affected in lines.values()))
