"""The decision core: a night, a meeting, an escalation and a storm within a millisecond."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.oncall.contracts import Kind, Person
from exporters.oncall.decision import FOLLOWS, Surroundings, decide
from exporters.oncall.hours import held_until, quiet_until
from exporters.oncall.nouns import LEGAL, Alert, Decision, Reason, State, Tell, Trouble
from exporters.oncall.policy import Policy
from exporters.rules.catalogue import alerts as rules
from tests.exporters.oncall.persons import AN, BINH, CALENDARS, CHI, DUNG, LAYERS, at, person

POLICY = Policy(gather_seconds=0.0)
DAY = at("2026-11-25 09:00")
NIGHT = at("2026-11-25 22:00")
MORNING = at("2026-11-26 06:30")


def alert(name: str = "LineDown", severity: str = "critical", scope: str = "site", **more: object) -> Alert:
    labels = {"alertname": name, "severity": severity, "scope": scope, "site": "xa-a", "line": "xa-a-1"}
    values: dict[str, object] = {"began": DAY, "received_at": DAY, **more}
    return Alert(f"f-{name}", name, severity, labels, {}, **values)  # type: ignore[arg-type]


def trouble(*alerts: Alert, now: float = DAY, scope: str = "site") -> Trouble:
    return Trouble(7, scope, "xa-a", "", State.WAITING, "critical", now, alerts or (alert(),))


class Desk:
    """One trouble followed over time, as the bridge follows it; whoever was told is remembered."""

    def __init__(
        self, one: Trouble, policy: Policy = POLICY, layers: tuple[tuple[Person, ...], ...] = LAYERS
    ) -> None:
        self.trouble = one
        self.around = Surroundings(policy, layers)
        self.told: list[tuple[float, Tell]] = []
        self.reasons: list[str] = []

    def look(self, now: float, **changes: object) -> list[tuple[str, str]]:
        usual = held_until(CALENDARS[""], now)
        self.around = replace(self.around, held_until=usual, **changes)  # type: ignore[arg-type]
        self.around = replace(self.around, heard=self.around.told)
        before = self.trouble.state
        decision: Decision = decide(self.trouble, self.around, now)
        after = decision.trouble.state
        assert after is before or after in LEGAL[before] or before is State.RESOLVED
        self.trouble = decision.trouble
        self.reasons += decision.suppressed
        known = {one.code: one for one in self.around.told}
        known |= {tell.person.code: tell.person for tell in decision.tells}
        self.around = replace(self.around, told=tuple(known.values()))
        self.told += [(now, tell) for tell in decision.tells]
        return [(tell.person.code, tell.kind.value) for tell in decision.tells]

    def alerts(self, *alerts: Alert) -> None:
        self.trouble = replace(self.trouble, alerts=alerts)

    def take(self, who: Person, now: float) -> None:
        self.trouble = replace(self.trouble, state=State.ACKNOWLEDGED, acknowledged_by=who.code, acknowledged_at=now)


def ended(one: Alert, now: float) -> Alert:
    return replace(one, ended=now)


def test_each_layer_is_told_when_the_one_before_has_not_taken_it() -> None:
    desk = Desk(trouble())
    assert desk.look(DAY) == [("an", "opened")]
    assert desk.look(DAY + 599) == []
    assert desk.look(DAY + 600) == [("binh", "escalated")]
    assert desk.told[-1][1].previous == "An"
    assert desk.look(DAY + 1200) == [("chi", "escalated")]
    assert desk.look(DAY + 1800) == [("dung", "escalated")]
    assert desk.look(DAY + 2400) == []
    assert desk.trouble.reason is Reason.ALL_TOLD
    assert desk.look(DAY + 9000) == []


def test_who_takes_it_stops_the_escalation_and_all_told_hear_of_the_end() -> None:
    desk = Desk(trouble())
    desk.look(DAY)
    desk.look(DAY + 600)
    desk.take(BINH, DAY + 700)
    assert desk.look(DAY + 5000) == []
    desk.alerts(ended(alert(), DAY + 6000))
    assert desk.look(DAY + 6000) == [("an", "resolved"), ("binh", "resolved")]
    assert desk.look(DAY + 6001) == []


def test_what_ends_before_anybody_was_told_is_told_to_nobody() -> None:
    desk = Desk(trouble(), replace(POLICY, gather_seconds=15))
    assert desk.look(DAY) == []
    assert desk.trouble.reason is Reason.GATHERING
    desk.alerts(ended(alert(), DAY + 9))
    assert desk.look(DAY + 9) == []
    assert desk.trouble.state is State.RESOLVED


def test_a_site_at_night_waits_until_half_past_six() -> None:
    desk = Desk(trouble(now=NIGHT))
    assert desk.look(NIGHT) == []
    assert (desk.trouble.reason, desk.trouble.waits_until) == (Reason.OFF_HOURS, MORNING)
    assert desk.look(MORNING - 1) == []
    assert desk.look(MORNING) == [("an", "opened")]
    assert desk.reasons == ["off_hours"]


def test_a_site_at_night_is_told_when_a_meeting_is_within_twelve_hours() -> None:
    desk = Desk(trouble(now=NIGHT))
    assert desk.look(NIGHT, meeting_at=at("2026-11-26 10:01")) == []
    assert desk.look(at("2026-11-25 22:01"), meeting_at=at("2026-11-26 10:01")) == [("an", "opened")]


def test_the_hub_and_the_core_page_at_any_hour_but_not_for_a_warning() -> None:
    for scope in ("hub", "provider", "upstream", "security"):
        desk = Desk(trouble(alert("Backup", scope=scope), now=NIGHT, scope=scope))
        assert desk.look(NIGHT) == [("an", "opened")]
    desk = Desk(trouble(alert("Backup", "warning", "hub"), now=NIGHT, scope="hub"))
    assert desk.look(NIGHT) == []


def test_the_break_at_noon_is_no_night_and_a_holiday_is() -> None:
    assert held_until(CALENDARS[""], at("2026-11-25 12:30")) is None
    assert held_until(CALENDARS[""], at("2026-11-27 17:30")) == at("2026-11-30 06:30")
    # From before Tết until the morning after it.
    assert held_until(CALENDARS[""], at("2026-02-17 09:00")) == at("2026-02-23 06:30")
    assert held_until(CALENDARS["always"], at("2026-02-17 03:00")) is None


def test_the_night_stops_an_escalation_that_began_by_day() -> None:
    evening = at("2026-11-25 16:25")
    desk = Desk(trouble(now=evening))
    assert desk.look(evening) == [("an", "opened")]
    assert desk.look(evening + 700) == []
    assert desk.look(MORNING) == [("binh", "escalated")]


def test_a_warning_is_told_once_and_not_followed_up_unless_a_meeting_is_near() -> None:
    weak = alert("LineWeak", "warning")
    desk = Desk(trouble(weak))
    assert desk.look(DAY) == [("an", "opened")]
    assert desk.look(DAY + 3600) == []
    # Within 24 h of a meeting it counts as critical.
    assert desk.look(DAY + 3601, meeting_at=DAY + 80_000) == [("an", "worsened")]
    assert desk.look(DAY + 4201, meeting_at=DAY + 80_000) == [("binh", "escalated")]
    assert desk.trouble.severity == "critical"


def test_it_is_told_again_only_when_it_is_worse_or_of_a_new_kind_and_only_so_often() -> None:
    desk = Desk(trouble(alert("LineWeak", "warning")), replace(POLICY, most_worse=2))
    desk.look(DAY)
    desk.alerts(alert("LineWeak", "warning"), alert("NodeHot", "warning"))
    assert desk.look(DAY + 60) == [("an", "worsened")]
    desk.alerts(alert("LineWeak", "warning"))
    assert desk.look(DAY + 120) == []
    desk.alerts(alert("LineWeak", "warning"), alert("LineDown"))
    assert desk.look(DAY + 180) == [("an", "worsened")]
    desk.alerts(alert("LineWeak", "warning"), alert("LineDown"), alert("UpsOnBattery"))
    assert desk.look(DAY + 240) == []
    assert desk.reasons == ["repeats"]


def test_what_the_outage_leaves_behind_is_no_news() -> None:
    desk = Desk(trouble())
    desk.look(DAY)
    desk.alerts(ended(alert(), DAY + 400), alert("LineAvailabilityBurnFast"))
    assert desk.look(DAY + 400) == []
    assert desk.trouble.state is State.NOTIFIED
    desk.alerts(ended(alert(), DAY + 400), ended(alert("LineAvailabilityBurnFast"), DAY + 500))
    assert desk.look(DAY + 500) == [("an", "resolved")]
    assert FOLLOWS.keys() | frozenset().union(*FOLLOWS.values()) <= {one.name for one in rules()}


def test_who_has_it_alone_hears_that_it_is_worse() -> None:
    desk = Desk(trouble())
    desk.look(DAY)
    desk.look(DAY + 600)
    desk.take(BINH, DAY + 610)
    desk.alerts(alert(), alert("UpsOnBattery"))
    assert desk.look(DAY + 700) == [("binh", "worsened")]


def test_flapping_is_bounded_and_its_end_is_told_once_it_has_stayed() -> None:
    desk = Desk(trouble())
    now = DAY
    told = [desk.look(now)]
    for _ in range(6):
        desk.alerts(ended(alert(), now + 30))
        told.append(desk.look(now + 30))
        desk.alerts(alert())
        told.append(desk.look(now + 60))
        now += 60
    kinds = [kind for one in told for _, kind in one]
    assert kinds.count("opened") == 3
    assert desk.reasons.count("flapping") >= 4
    desk.alerts(ended(alert(), now + 30))
    desk.look(now + 30)
    end = desk.told[-1][1]
    assert (end.kind, end.not_before) == (Kind.RESOLVED, now + 30 + POLICY.return_seconds)


def test_maintenance_pages_nobody_and_what_is_left_afterwards_is_told() -> None:
    desk = Desk(trouble())
    assert desk.look(DAY, covered={"f-LineDown": DAY + 3600}) == []
    assert (desk.trouble.state, desk.trouble.waits_until) == (State.SUPPRESSED, DAY + 3600)
    assert desk.look(DAY + 3600, covered={}) == [("an", "opened")]


def test_an_alert_outside_of_the_window_is_told_though_others_are_covered() -> None:
    desk = Desk(trouble(alert(), alert("NodeHot", "warning")))
    assert desk.look(DAY, covered={"f-LineDown": DAY + 3600}) == [("an", "opened")]
    assert desk.trouble.told_severity == "warning"


def test_maintenance_that_begins_later_stops_the_escalation() -> None:
    desk = Desk(trouble())
    desk.look(DAY)
    assert desk.look(DAY + 700, covered={"f-LineDown": DAY + 3600}) == []
    assert desk.look(DAY + 3600, covered={}) == []
    assert desk.look(DAY + 4200, covered={}) == [("binh", "escalated")]


def test_quiet_hours_let_only_what_is_critical_through() -> None:
    quiet = person("an", quiet=((20 * 60, 7 * 60),))
    desk = Desk(trouble(alert("LineWeak", "warning"), now=MORNING), layers=((quiet,),))
    desk.look(MORNING)
    assert desk.told[0][1].not_before == at("2026-11-26 07:00")
    desk = Desk(trouble(now=MORNING), layers=((quiet,),))
    desk.look(MORNING)
    assert desk.told[0][1].not_before == MORNING


def test_nobody_on_the_rota_is_said_and_told_as_soon_as_there_is_somebody() -> None:
    desk = Desk(trouble(), layers=())
    assert desk.look(DAY) == []
    assert desk.trouble.reason is Reason.NOBODY
    assert desk.look(DAY + 60, layers=LAYERS) == [("an", "opened")]


def test_a_layer_that_no_message_reaches_is_passed_over_at_once() -> None:
    desk = Desk(trouble())
    desk.look(DAY)
    assert desk.look(DAY + 5, told=()) == [("binh", "escalated")]


def test_handing_back_goes_on_with_the_next_layer_and_at_the_end_with_all_others() -> None:
    desk = Desk(trouble())
    desk.look(DAY)
    desk.take(AN, DAY + 60)
    back = {"state": State.NOTIFIED, "acknowledged_at": None, "reason": Reason.HANDED_BACK}
    desk.trouble = replace(desk.trouble, **back)  # type: ignore[arg-type]
    assert desk.look(DAY + 120) == [("binh", "escalated")]
    for step in (720, 1320):
        desk.look(DAY + step)
    assert {tell.person.code for _, tell in desk.told} == {"an", "binh", "chi", "dung"}
    desk.take(DUNG, DAY + 1400)
    desk.trouble = replace(desk.trouble, **back)  # type: ignore[arg-type]
    assert desk.look(DAY + 1500) == [("an", "escalated"), ("binh", "escalated"), ("chi", "escalated")]
    assert CHI in desk.around.told


names = st.sampled_from(("LineDown", "LineWeak", "NodeHot"))
steps = st.tuples(
    st.floats(0, 4000), st.sets(names), st.sampled_from(("", "take", "back", "cover", "meet")), st.booleans()
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 14 * 24), st.lists(steps, max_size=25))
def test_whatever_happens_it_is_bounded_deterministic_and_the_same_look_twice_tells_nothing_more(
    hour: int, history: list[tuple[float, set[str], str, bool]]
) -> None:
    now = at("2026-11-20 00:00") + hour * 3600.0
    desk = Desk(trouble(now=now))
    for wait, firing, what, _ in history:
        now += wait
        severities = {"LineDown": "critical"}
        every = [alert(name, severities.get(name, "warning")) for name in ("LineDown", "LineWeak", "NodeHot")]
        desk.alerts(*(one if one.name in firing else ended(one, now) for one in every))
        changes: dict[str, object] = {"covered": {}, "meeting_at": now + 3600 if what == "meet" else None}
        if what == "cover":
            changes["covered"] = {one.fingerprint: now + 60 for one in every}
        if what == "take" and desk.trouble.state in (State.WAITING, State.NOTIFIED):
            desk.take(AN, now)
        if what == "back" and desk.trouble.state is State.ACKNOWLEDGED and desk.trouble.notified_at:
            desk.trouble = replace(
                desk.trouble, state=State.NOTIFIED, acknowledged_at=None, reason=Reason.HANDED_BACK
            )
        before, around, count = desk.trouble, desk.around, len(desk.told)
        told = desk.look(now, **changes)
        state = desk.trouble.state
        again = decide(before, replace(desk.around, told=around.told, heard=around.told), now)
        assert again.trouble == desk.trouble
        # That it is worse and that it is the next one's turn may come together, to different people.
        assert not {code for code, _ in desk.look(now, **changes)} & {code for code, _ in told}
        assert desk.look(now, **changes) == []
        assert desk.trouble.state is state
        if not firing:
            assert state is State.RESOLVED
        if what == "cover" and firing:
            assert told == []
            assert state is State.SUPPRESSED
        night = held_until(CALENDARS[""], now)
        if night is not None and what != "meet":
            # No message of a site leaves at night.
            assert all(tell.not_before >= night for _, tell in desk.told[count:])
    kinds = [tell.kind for _, tell in desk.told]
    assert kinds.count(Kind.WORSENED) <= POLICY.most_worse * len(LAYERS)
    assert kinds.count(Kind.OPENED) <= len(LAYERS) * (1 + POLICY.most_returns)
    keys = [(tell.person.code, tell.kind, tell.ordinal) for _, tell in desk.told if tell.kind is not Kind.ESCALATED]
    assert len(keys) == len(set(keys))


@given(st.lists(st.tuples(st.integers(0, 1440), st.integers(0, 1440)), max_size=4), st.floats(1.7e9, 1.9e9))
def test_quiet_hours_end_within_a_day_and_never_before_now(quiet: list[tuple[int, int]], now: float) -> None:
    assert now <= quiet_until(tuple(quiet), now) <= now + 86400
