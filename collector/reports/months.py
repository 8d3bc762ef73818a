"""A month's report read from the database: days, episodes, speed tests of the lines asked for."""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.directory.days import day_of
from collector.quality.days import begin_of
from collector.quality.profile import Profile
from collector.reports.figures import Sums, by_day, day_figures, figures, limits_of, together, worst_load
from collector.reports.model import GroupReport, LineReport, MonthReport, Outage
from collector.tables import Line, LineDay, LineEpisode, Site, SpeedTest, Unit

OUTAGE_STATES = ("down", "no_data")
_IDS_PER_QUERY = 400
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def days_of(month: str) -> tuple[date, date]:
    """First day, and the first one of the month after. Raises ValueError."""
    found = _MONTH.fullmatch(month)
    if found is None:
        raise ValueError(month)
    year, number = int(found.group(1)), int(found.group(2))
    first = date(year, number, 1)
    return first, first + timedelta(days=calendar.monthrange(year, number)[1])


def lines_of(session: Session, sites: Iterable[str], month: str, provider: str | None = None) -> list[Line]:
    """Lines that stood at these sites in that month, in order of site and code."""
    first, _ = days_of(month)
    query = (
        select(Line)
        .join(Site, Site.id == Line.site_id)
        .where(Site.code.in_(sorted(sites)), or_(Line.valid_to.is_(None), Line.valid_to > first))
        .order_by(Site.code, Line.code)
    )
    if provider is not None:
        query = query.where(Line.provider == provider)
    return list(session.scalars(query))


def report(
    session: Session, month: str, sites: Iterable[str], profile: Profile, now: float,
    provider: str | None = None, line: str | None = None, title: str = "",
) -> MonthReport:  # fmt: skip
    """Of the lines of these sites; `provider`, `line`: only theirs."""
    first, after = days_of(month)
    lines = [one for one in lines_of(session, sites, month, provider) if line is None or one.code == line]
    ids = [one.id for one in lines]
    days, loads = _days(session, ids, first, after)
    speeds = _speeds(session, ids, first, after)
    places = _places(session, lines)
    outages = _outages(session, {one.id: one for one in lines}, places, first, after, now)
    counts = Counter(outage.line for outage in outages)
    last = min(after - timedelta(days=1), day_of(now))
    possible = max(0, int(min(begin_of(after), now) - begin_of(first)) // 60)
    reports = []
    for one in lines:
        own = figures(together(days[one.id].values()), possible)
        busiest = worst_load(loads[one.id], last)
        contract = one.contract_download_mbits, one.contract_upload_mbits
        site, site_name, unit = places[one.site_id]
        reports.append(
            LineReport(
                line=one.code,
                name=one.name,
                provider=one.provider,
                site=site,
                site_name=site_name,
                unit=unit,
                contract_number=one.contract_number,
                contract_download_mbits=contract[0],
                contract_upload_mbits=contract[1],
                figures=own,
                load_p95_down=busiest[0],
                load_p95_up=busiest[1],
                speed_tests=sum(map(len, speeds[one.id].values())),
                limits=limits_of(own, profile.limits, busiest, contract, speeds[one.id]),
                days=day_figures(days[one.id]),
                outages=counts[one.code],
            )
        )
    names = sorted({one.provider for one in lines})
    made = tuple(reports)
    sums = {one.code: days[one.id] for one in lines}
    return MonthReport(
        month=month,
        title=title,
        made_at=now,
        complete=now >= begin_of(after),
        profile=profile.version,
        note=profile.note,
        sources=profile.sources,
        whole=_group("", made, sums, possible),
        providers=tuple(
            _group(name, [one for one in made if one.provider == name], sums, possible) for name in names
        ),
        lines=made,
        outages=tuple(outages),
    )


def _group(
    name: str, lines: Iterable[LineReport], sums: Mapping[str, Mapping[date, Sums]], possible: int
) -> GroupReport:
    members = list(lines)
    days = by_day(sums[one.line] for one in members)
    broken = Counter(limit for one in members for limit, found in one.limits.items() if found.kept == "broken")
    return GroupReport(
        name=name,
        sites=len({one.site for one in members}),
        lines=len(members),
        figures=figures(together(days.values()), possible * len(members)),
        broken=dict(sorted(broken.items())),
        outages=sum(one.outages for one in members),
        days=day_figures(days),
    )


def line_days(session: Session, ids: Iterable[int], since: date, until: date) -> dict[int, dict[date, Sums]]:
    """Line id → day → sums, of days in [since, until)."""
    return _days(session, ids, since, until)[0]


def _days(
    session: Session, ids: Iterable[int], first: date, after: date
) -> tuple[dict[int, dict[date, Sums]], dict[int, dict[date, bytes | None]]]:
    sums: dict[int, dict[date, Sums]] = defaultdict(dict)
    loads: dict[int, dict[date, bytes | None]] = defaultdict(dict)
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        rows = session.execute(
            select(
                LineDay.line_id, LineDay.day, LineDay.load, LineDay.minutes, LineDay.lost_minutes,
                LineDay.lost_by_cause, LineDay.good, LineDay.weak, LineDay.bad, LineDay.down, LineDay.measured,
                LineDay.lost_up, LineDay.lost_down, LineDay.lost_unknown, LineDay.rtt_weight, LineDay.rtt_sum,
                LineDay.rtt_max, LineDay.rtt_buckets, LineDay.jitter_sum, LineDay.jitter_minutes, LineDay.mos_sum,
                LineDay.mos_minutes,
            ).where(
                LineDay.line_id.in_(wanted[start : start + _IDS_PER_QUERY]),
                LineDay.day >= first,
                LineDay.day < after,
            )
        )  # fmt: skip
        for line_id, day, packed, minutes, lost, causes, *rest in rows:
            sums[line_id][day] = Sums(minutes, lost, Counter(causes), *rest)
            loads[line_id][day] = packed
    return sums, loads


def _speeds(session: Session, ids: Iterable[int], first: date, after: date) -> dict[int, dict[str, list[float]]]:
    found: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        rows = session.execute(
            select(SpeedTest.line_id, SpeedTest.direction, SpeedTest.ratio).where(
                SpeedTest.line_id.in_(wanted[start : start + _IDS_PER_QUERY]),
                SpeedTest.at_ms >= begin_of(first) * 1000,
                SpeedTest.at_ms < begin_of(after) * 1000,
            )
        )
        for line_id, direction, ratio in rows:
            found[line_id][direction].append(ratio)
    return found


def _places(session: Session, lines: Iterable[Line]) -> dict[int, tuple[str, str, str | None]]:
    """Site id → code, name, the unit's name."""
    ids = {one.site_id for one in lines}
    rows = session.execute(select(Site.id, Site.code, Site.name, Unit.name).outerjoin(Unit, Unit.id == Site.unit_id))
    return {row[0]: (row[1], row[2], row[3]) for row in rows if row[0] in ids}


def _outages(
    session: Session, lines: Mapping[int, Line], places: Mapping[int, tuple[str, str, str | None]],
    first: date, after: date, now: float,
) -> list[Outage]:  # fmt: skip
    begin, end = begin_of(first), begin_of(after)
    rows = session.scalars(
        select(LineEpisode)
        .where(
            LineEpisode.state.in_(OUTAGE_STATES),
            LineEpisode.began < end,
            or_(LineEpisode.ended.is_(None), LineEpisode.ended > begin),
        )
        .order_by(LineEpisode.began, LineEpisode.line_id)
    )
    found = []
    for row in rows:
        line = lines.get(row.line_id)
        if line is None:
            continue
        site, site_name, _ = places[line.site_id]
        until = min(end, row.ended if row.ended is not None else int(now))
        found.append(
            Outage(
                line=line.code,
                site=site,
                site_name=site_name,
                provider=line.provider,
                began=row.began,
                ended=row.ended,
                minutes=max(0, until - max(begin, row.began)) // 60,
                state=row.state,
                cause=row.cause,
                evidence=row.evidence,
                revised=row.revised_at is not None,
            )
        )
    return found
