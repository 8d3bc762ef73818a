"""One round of the bridge in one transaction: what is open is looked at, decided and written down."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from collector.calendars.calendar import OfficeCalendar
from exporters.oncall import intake, maintenance, outbox, store, storms
from exporters.oncall.contracts import Meeting, Person, Rota
from exporters.oncall.decision import Layers, Surroundings, decide, fire_of, held
from exporters.oncall.hours import held_until
from exporters.oncall.maintenance import Window
from exporters.oncall.nouns import Alert, Event, Reason, Scope, State, Trouble, worst
from exporters.oncall.places import Places
from exporters.oncall.policy import Policy
from exporters.oncall.tables import TroubleAlertRow, TroubleRow

logger = logging.getLogger(__name__)

OWN_KEY = "bridge:alerting"


@dataclass(frozen=True, slots=True)
class Round:
    """`calendars` by name, the usual one as ""; `silent`: Alertmanager has not been heard, in words."""

    now: float
    policy: Policy
    rota: Rota
    calendars: Mapping[str, OfficeCalendar]
    places: Places
    meetings: Sequence[Meeting] = ()
    channels: Collection[str] = ()
    silent: Alert | None = None
    held_by_alertmanager: frozenset[str] | None = None
    """Fingerprints; None: not asked, or not known."""


@dataclass(slots=True)
class Done:
    suppressed: Counter[str] = field(default_factory=Counter)
    made: int = 0
    failed: list[outbox.Failed] = field(default_factory=list)
    current: list[Trouble] = field(default_factory=list)
    people: int = 0
    faults: int = 0
    """Troubles that could not be decided: ours to mend."""


def work(session: Session, given: Round) -> Done:
    done = Done()
    _own_alert(session, given)
    _end_unheard(session, given)
    windows = maintenance.load(session, given.now)
    current = store.load_current(session)
    if _gather_areas(session, current, given, windows):
        session.flush()
        current = store.load_current(session)
    told = outbox.told(session, [one.id for _, one in current.values() if one.notified_at is not None])
    # An area is decided before the sites that it speaks for.
    for row, trouble in sorted(current.values(), key=lambda one: (one[1].scope != Scope.AREA, one[1].id)):
        around = _surroundings(trouble, current, given, windows, told)
        decision = decide(trouble, around, given.now)
        try:
            store.save(session, row, decision.trouble, decision.events, given.now)
        except store.IllegalTransitionError:
            # It has written nothing; the others must not wait for it.
            logger.exception("on call: trouble %d is left as it is", row.id)
            done.faults += 1
            continue
        done.suppressed.update(decision.suppressed)
        if decision.overtaken:
            done.suppressed["overtaken"] += outbox.overtake(session, row.id)
        posted = outbox.post(session, decision.tells, row.id, given.channels, given.policy, given.now)
        done.made += posted.made
        done.suppressed.update({"quota": posted.held, "queue_full": posted.dropped})
        done.current.append(decision.trouble)
    done.failed = outbox.move_off_missing(session, given.channels, given.now)
    done.made += outbox.summarise(session, given.channels, given.policy, given.now)
    _release(session, given)
    done.people = len({person.code for layer in given.rota.layers(None, given.now) for person in layer})
    return done


def forget_old(session: Session, policy: Policy, now: float) -> int:
    """Troubles that nobody asks for any more, with their history and deliveries."""
    before = now - policy.keep_days * 86400
    old = select(TroubleRow.id).where(TroubleRow.resolved_at < before, TroubleRow.open_key.is_(None))
    session.execute(update(TroubleRow).where(TroubleRow.area_id.in_(old)).values(area_id=None))
    ids = list(session.scalars(old.limit(1000)))
    session.execute(delete(TroubleRow).where(TroubleRow.id.in_(ids)))
    return len(ids)


def _surroundings(
    trouble: Trouble,
    current: Mapping[int, tuple[TroubleRow, Trouble]],
    given: Round,
    windows: Sequence[Window],
    told: Mapping[int, outbox.Told],
) -> Surroundings:
    sites = _sites(trouble)
    layers = layers_of(given.rota, sites, given.now)
    known = {person.code: person for layer in layers for person in layer}
    was = told.get(trouble.id, outbox.Told())
    people = tuple(known.get(person.code, person) for person in was.people)
    area = current.get(trouble.area_id) if trouble.area_id is not None else None
    return Surroundings(
        policy=given.policy,
        layers=layers,
        held_until=_night(sites, given),
        meeting_at=_meeting(sites, given.meetings),
        covered=maintenance.covered(trouble.firing, windows, given.places, given.now),
        told=people,
        heard=tuple(person for person in people if person.code in was.heard),
        area_open=area is not None and bool(area[1].firing),
    )


def layers_of(rota: Rota, sites: Sequence[str], now: float) -> Layers:
    """Of one site or the hub as the rota says; of many sites the layers laid together."""
    if len(sites) <= 1:
        return rota.layers(sites[0] if sites else None, now)
    together: list[dict[str, Person]] = []
    seen: set[str] = set()
    every = [rota.layers(site, now) for site in sites]
    for depth in range(max(map(len, every), default=0)):
        layer: dict[str, Person] = {}
        for layers in every:
            for person in layers[depth] if depth < len(layers) else ():
                if person.code not in seen:
                    layer[person.code] = person
        seen |= layer.keys()
        together.append(layer)
    return [list(layer.values()) for layer in together]


def _sites(trouble: Trouble) -> list[str]:
    """Whose technicians are asked and whose hours count; none for the hub and what stands above sites."""
    if trouble.scope == Scope.SITE and trouble.site:
        return [trouble.site]
    if trouble.scope == Scope.AREA:
        return sorted({alert.labels.get("site", "") for alert in trouble.alerts} - {""})
    return []


def _night(sites: Iterable[str], given: Round) -> float | None:
    """None as soon as one of the sites works."""
    usual = given.calendars[""]
    names = {given.places.sites[site].hours if site in given.places.sites else "" for site in sites} or {""}
    ends = [held_until(given.calendars.get(name, usual), given.now) for name in names]
    return None if None in ends else min(end for end in ends if end is not None)


def _meeting(sites: Collection[str], meetings: Iterable[Meeting]) -> float | None:
    return min((one.begins for one in meetings if not one.sites.isdisjoint(sites)), default=None)


def _gather_areas(
    session: Session,
    current: Mapping[int, tuple[TroubleRow, Trouble]],
    given: Round,
    windows: Sequence[Window],
) -> bool:
    """In a storm, lay the sites that would be told now to their areas. Whether anything was laid."""
    now, policy = given.now, given.policy
    due, lately = [], set()
    for row, trouble in current.values():
        if trouble.scope != Scope.SITE:
            continue
        when = trouble.opened_at if trouble.area_id is not None else trouble.notified_at
        if when is not None and when > now - policy.storm_seconds:
            lately.add(trouble.site)
        if trouble.state is State.WAITING and trouble.area_id is None and trouble.firing:
            around = _surroundings(trouble, current, given, windows, {})
            free = [alert for alert in trouble.firing if alert.fingerprint not in around.covered]
            reason, _ = held(trouble, around, fire_of(trouble, free, around, now), now)
            if free and reason in (Reason.NONE, Reason.NOBODY):
                due.append((row, trouble))
    rows = {trouble.id: row for row, trouble in due}
    found = storms.areas_of(
        [trouble for _, trouble in due], len(lately - {one.site for _, one in due}), given.places.areas(), policy
    )
    for area, troubles in found.items():
        speaker = _area(session, area, troubles, now)
        for trouble in troubles:
            rows[trouble.id].area_id = speaker
            store.write_events(session, trouble.id, [Event("joined_area", {"trouble": speaker})], now)
    return bool(found)


def _area(session: Session, area: str, troubles: Sequence[Trouble], now: float) -> int:
    group_key = f"area:{area}"
    key = intake.key_hash(group_key)
    row = session.scalar(select(TroubleRow).where(TroubleRow.open_key == key))
    if row is None:
        severity = worst(trouble.severity for trouble in troubles)
        row = store.new_row(key, group_key, intake.Place(Scope.AREA, "", area), severity, now)
        session.add(row)
        session.flush()
        store.write_events(session, row.id, [Event("opened", {"sites": len(troubles)})], now)
    return row.id


def _own_alert(session: Session, given: Round) -> None:
    if given.silent is not None:
        store.take_alerts(session, OWN_KEY, [given.silent], given.now, complete=True)


def _end_unheard(session: Session, given: Round) -> None:
    """What Alertmanager has not repeated, or does not hold any more though its end was never told."""
    if given.silent is not None and given.silent.ended is None:
        return
    query = (
        select(TroubleAlertRow)
        .join(TroubleRow, TroubleRow.id == TroubleAlertRow.trouble_id)
        .where(
            TroubleRow.open_key.is_not(None),
            TroubleRow.group_key != OWN_KEY,
            TroubleAlertRow.ended.is_(None),
            TroubleAlertRow.received_at < given.now - given.policy.gone_seconds,
        )
    )
    held = given.held_by_alertmanager
    for row in session.scalars(query).all():
        is_stale = row.received_at < given.now - given.policy.stale_seconds
        if is_stale or (held is not None and row.fingerprint not in held):
            row.ended = given.now
            detail = {"name": row.name, "severity": row.severity, "fingerprint": row.fingerprint}
            kind = "alert_not_repeated" if is_stale else "alert_gone"
            store.write_events(session, row.trouble_id, [Event(kind, detail)], given.now)


def _release(session: Session, given: Round) -> None:
    """What has stayed resolved does not come back as the same trouble."""
    session.execute(
        update(TroubleRow)
        .where(
            TroubleRow.open_key.is_not(None),
            TroubleRow.state == State.RESOLVED,
            TroubleRow.resolved_at < given.now - given.policy.return_seconds,
        )
        .values(open_key=None)
    )
