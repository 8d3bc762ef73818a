"""The bridge from a webhook to a channel: what is told, to whom, once; over kills, dead channels and storms."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from sqlalchemy import Engine

from exporters.oncall import duty
from exporters.oncall.channels.receipts import Receipt
from exporters.oncall.contracts import Cause, Language, Meeting, Outcome, Result
from exporters.oncall.duty import Actor, Answer
from exporters.oncall.links import LinkError
from exporters.oncall.policy import Policy
from exporters.oncall.tables import MaintenanceRow
from exporters.oncall.webhook import Notification, parse
from tests.exporters.oncall.desk import NOW, Clock, Desk, FixedRota, Remembering, firing, over
from tests.exporters.oncall.persons import AN, BINH, at, person
from tests.postgres import on_both_databases

WEBHOOK = Path(__file__).with_name("webhook")
LINE = firing(line="kx-1")
BAD = "[NGHIÊM TRỌNG]"


async def take(desk: Desk, trouble: int, who: str) -> Answer:
    actor = Actor(who, who.title())
    return (await desk.bridge.answer(lambda session, now: duty.acknowledge(session, trouble, actor, now))).answer


@on_both_databases
async def test_one_trouble_from_its_first_alert_to_its_end(engine: Engine) -> None:
    desk = Desk(engine)
    desk.causes.found = Cause(Language("Nhà mạng. 9/10 gói mất", "Provider"), "18001166")
    await desk.say(LINE)
    await desk.say(LINE)
    assert desk.told == [("an", BAD)]
    message = desk.messages[0]
    assert "UBND xã Kim Xá" in message.text
    assert "9/10 gói mất" in message.text
    assert "https://hub.test/huong-dan/LineDown" in message.text
    await desk.look(600)
    assert desk.told[1:] == [("binh", BAD)]
    assert "An" in desk.messages[1].text
    owner = desk.links.owner(desk.messages[1].link.rpartition("/")[2], desk.clock())
    assert (owner.trouble, owner.person) == (1, "binh")
    assert await take(desk, 1, "binh") is Answer.DONE
    assert await take(desk, 1, "binh") is Answer.ALREADY
    assert await take(desk, 1, "an") is Answer.OTHER
    await desk.look(3600)
    assert len(desk.told) == 2
    await desk.say(over(LINE))
    assert [name for name, _ in desk.told[2:]] == ["an", "binh"]
    assert "Binh" in desk.messages[2].text
    assert desk.messages[2].link == ""
    assert await take(desk, 1, "an") is Answer.RESOLVED
    assert [one for one in desk.events(1) if not one.startswith("sent")] == [
        "opened", "alert_fired", "told", "told", "acknowledged", "alert_ended", "resolved",
    ]  # fmt: skip
    assert {state for _, _, state in desk.deliveries()} == {"sent"}
    it = desk.bridge.snapshot()
    assert it.counters.received == {"LineDown": 1}
    assert it.counters.deliveries == {("webhook", "sent"): 4}
    assert sum(it.counters.acknowledged_in) == 1
    assert it.counters.acknowledged_seconds == 600.0


async def test_one_message_for_all_alerts_of_a_site(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(firing("UpsOnBattery", severity="warning"), LINE, firing("NodeHot", severity="warning"))
    assert len(desk.told) == 1
    assert "LineDown" in desk.messages[0].subject or "kết nối" in desk.messages[0].subject


async def test_the_providers_number_is_said_while_nobody_knows_the_cause(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(LINE)
    assert "18001166" in desk.messages[0].text


async def test_what_alertmanager_said_at_ten_in_the_evening_waits_until_half_past_six_unless_a_meeting_is_near(
    engine: Engine,
) -> None:
    # As Alertmanager 0.25 posted them.
    firing_body, resolved_body = ((WEBHOOK / f"{name}.json").read_bytes() for name in ("firing", "resolved"))
    clock = Clock()
    clock.now = at("2026-11-25 22:00")
    desk = Desk(engine, clock=clock)
    await desk.bridge.take(parse(firing_body))
    await desk.look()
    assert desk.told == []
    row = desk.troubles()[0].row
    assert (row.site, row.severity, row.group_key) == ("kx", "critical", '{}:{site="kx"}')
    assert (row.state, row.reason, row.waits_until) == ("waiting", "off_hours", at("2026-11-26 06:30"))
    desk.meetings.found = [Meeting("Giao ban", at("2026-11-26 08:00"), None, frozenset({"yb"}))]
    await desk.look(60)
    assert desk.told == []
    desk.meetings.found = [Meeting("Giao ban", at("2026-11-26 08:00"), None, frozenset({"kx", "yb"}))]
    await desk.look(60)
    assert desk.told == [("an", BAD)]
    assert "Nóng" in desk.messages[0].text or "78" in desk.messages[0].text
    desk.clock.now += 60
    await desk.bridge.take(parse(resolved_body))
    await desk.look()
    assert desk.troubles()[0].row.state == "resolved"
    assert len(desk.told) == 2


async def test_a_site_has_the_calendar_that_the_directory_names(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sites SET hours = 'always' WHERE code = 'kx'")
    clock = Clock()
    clock.now = at("2026-11-25 22:00")
    desk = Desk(engine, clock=clock)
    await desk.say(LINE)
    await desk.say(firing(site="yb", line="yb-1"))
    assert desk.told == [("an", BAD)]


@on_both_databases
async def test_killed_while_sending_nothing_is_lost_and_one_may_come_twice(engine: Engine) -> None:
    hanging = Remembering(hang=True)
    desk = Desk(engine, [hanging])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await desk.say(LINE)
    assert len(hanging.sent) == 1
    # As kill -9 leaves it: marked as being sent, and nobody knows whether it had left.
    assert desk.deliveries() == [("an", "webhook", "sending")]
    after = Desk(engine, clock=desk.clock)
    await after.bridge.posting.recover()
    await after.look(1)
    await after.look(1)
    assert after.told == [("an", BAD)]
    assert after.messages[0].key == hanging.sent[0].key
    assert "sent_again" in after.events(1)


async def test_killed_between_the_answer_and_the_round_the_trouble_is_told_after_the_start(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.bridge.take(Notification.model_validate({"alerts": [LINE]}))
    after = Desk(engine)
    await after.look()
    assert after.told == [("an", BAD)]


async def test_a_dead_channel_blocks_no_other_and_the_persons_next_one_is_tried(engine: Engine) -> None:
    both = (person("an", channels=("email", "sms")), person("binh", channels=("sms",)))
    no = Outcome(Result.RETRY, detail="connection refused")
    email, sms = Remembering("email", outcomes=[no] * 9), Remembering("sms")
    desk = Desk(engine, [email, sms], rota=FixedRota([both]))
    await desk.say(LINE)
    assert [one.to for one in sms.sent] == ["sms:binh"]
    for _ in range(6):
        await desk.look(30)
    assert len(email.sent) == desk.bridge.policy.most_attempts
    assert [one.to for one in sms.sent] == ["sms:binh", "sms:an"]
    assert desk.deliveries() == [("an", "email", "failed"), ("binh", "sms", "sent"), ("an", "sms", "sent")]
    states = {one.name: one.works for one in desk.bridge.snapshot().channels}
    assert states == {"email": False, "sms": True}


async def test_whom_no_channel_reaches_is_said_and_the_next_layer_is_told_at_once(engine: Engine) -> None:
    refused = Remembering(outcomes=[Outcome(Result.REFUSED, detail="no such user")])
    desk = Desk(engine, [refused])
    await desk.say(LINE)
    await desk.look(3)
    assert desk.told == [("an", BAD), ("binh", BAD)]
    assert "undelivered" in desk.events(1)
    nothing = Desk(engine, rota=FixedRota([[person("khoa", channels=("fax",))], [BINH]]))
    await nothing.say(firing(site="yb", line="yb-1"))
    await nothing.look(3)
    assert ("binh", BAD) in nothing.told
    assert "unreachable" in nothing.events(2)


async def test_a_channel_that_is_configured_no_more_hands_on_what_waits_for_it(engine: Engine) -> None:
    an = person("an", channels=("email", "sms"))
    desk = Desk(engine, [Remembering("email", outcomes=[Outcome(Result.RETRY)])], rota=FixedRota([[an]]))
    await desk.say(LINE)
    after = Desk(engine, [Remembering("sms")], rota=FixedRota([[an]]), clock=desk.clock)
    await after.look(1)
    assert after.told == [("an", BAD)]
    assert after.deliveries() == [("an", "email", "failed"), ("an", "sms", "sent")]


async def test_a_receipt_says_delivered_or_sends_by_the_next_channel(engine: Engine) -> None:
    an = person("an", channels=("sms", "email"))
    desk = Desk(engine, [Remembering("sms"), Remembering("email")], rota=FixedRota([[an]]))
    await desk.say(LINE)
    lost = Receipt("sms", "r1", Result.REFUSED, "absent subscriber")
    assert await desk.bridge.posting.take_one(lost)
    assert await desk.bridge.posting.take_one(lost)
    await desk.look(1)
    assert desk.deliveries() == [("an", "sms", "failed"), ("an", "email", "sent")]
    await desk.bridge.posting.take_one(Receipt("email", "r1", Result.DELIVERED))
    assert desk.deliveries()[1] == ("an", "email", "delivered")


@on_both_databases
async def test_a_storm_is_one_message_for_the_area_with_one_life(engine: Engine) -> None:
    sites = _many_sites(engine, 20)
    desk = Desk(engine, policy=Policy(gather_seconds=10, storm_sites=8))
    for site in sites:
        await desk.say(firing(site=site, line=f"{site}-1"))
    await desk.look(11)
    assert len(desk.told) == 1
    assert "Vĩnh Tường" in desk.messages[0].subject
    assert "20" in desk.messages[0].subject
    area = next(one for one in desk.troubles() if one.row.scope == "area")
    assert len(area.members) == 20
    assert {one.row.reason for one in desk.troubles() if one.row.scope == "site"} == {"storm"}
    assert await take(desk, area.row.id, "an") is Answer.DONE
    assert {one.row.state for one in desk.troubles()} == {"acknowledged"}
    for site in sites:
        await desk.say(over(firing(site=site, line=f"{site}-1")))
    await desk.look(1)
    assert len(desk.told) == 2
    assert {one.row.state for one in desk.troubles()} == {"resolved"}


async def test_what_waited_through_the_night_comes_as_a_storm_in_the_morning(engine: Engine) -> None:
    clock = Clock()
    clock.now = at("2026-11-25 19:00")
    sites = _many_sites(engine, 12)
    # Nobody repeats what fires here.
    policy = Policy(gather_seconds=0, storm_sites=8, stale_seconds=86400)
    desk = Desk(engine, policy=policy, clock=clock)
    for site in sites:
        await desk.say(firing(site=site, line=f"{site}-1"))
        await desk.look(1800)
    assert desk.told == []
    clock.now = at("2026-11-26 06:30")
    await desk.look()
    assert len(desk.told) == 1


async def test_maintenance_of_a_unit_covers_its_sites_until_its_end(engine: Engine) -> None:
    desk = Desk(engine)
    with desk.sessions.begin() as session:
        session.add(
            MaintenanceRow(scope="unit", target="252", begins=NOW - 60, ends=NOW + 3600, reason="điện lực",
                           created_by="lan", created_at=NOW)
        )  # fmt: skip
    await desk.say(LINE)
    assert desk.told == []
    row = desk.troubles()[0].row
    assert (row.state, row.waits_until) == ("suppressed", NOW + 3600)
    await desk.look(3601)
    assert desk.told == [("an", BAD)]


async def test_what_a_person_gets_in_an_hour_is_bounded_and_the_rest_is_summed_up(engine: Engine) -> None:
    desk = Desk(engine, policy=Policy(gather_seconds=0, storm_sites=1000, person_messages_per_hour=3))
    for site in _many_sites(engine, 6):
        await desk.say(firing(site=site, line=f"{site}-1"))
    assert len(desk.told) == 3
    assert desk.bridge.snapshot().counters.suppressed["quota"] == 3
    for one in desk.troubles():
        await take(desk, one.row.id, "an")
    for site in _many_sites(engine, 2, "z"):
        await desk.say(firing(site=site, line=f"{site}-1"))
    await desk.look(901)
    of_an = [one for one in desk.messages if one.to == "webhook:an"]
    assert len(of_an) == 4
    assert of_an[-1].subject.startswith("[TỔNG HỢP] 2 ")


async def test_nobody_on_the_rota_loses_nothing(engine: Engine) -> None:
    desk = Desk(engine, rota=FixedRota(()))
    await desk.say(LINE)
    assert (desk.bridge.snapshot().untold, desk.bridge.snapshot().people) == (1, 0)
    desk.rota.found = ((AN,),)
    await desk.look(5)
    assert desk.told == [("an", BAD)]


async def test_a_trouble_that_comes_back_is_the_same_one_and_a_later_one_is_new(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(LINE)
    await desk.say(over(LINE))
    desk.clock.now += 300
    await desk.say(LINE)
    assert len(desk.troubles()) == 1
    assert desk.troubles()[0].row.returns == 1
    await desk.say(over(LINE))
    await desk.look(1000)
    await desk.say(LINE)
    assert len(desk.troubles()) == 2


async def test_alertmanager_that_falls_silent_is_a_trouble_of_the_hub(engine: Engine) -> None:
    desk = Desk(engine, expects_watchdog=True)
    await desk.say(firing("Watchdog", site="", severity="none", scope="hub"))
    assert desk.troubles() == []
    await desk.look(901)
    assert desk.told == [("an", BAD)]
    assert "Prometheus" in desk.messages[0].text
    await desk.say(firing("Watchdog", site="", severity="none", scope="hub"))
    await desk.look(1)
    assert desk.troubles()[0].row.state == "resolved"


async def test_what_alertmanager_has_not_repeated_for_hours_is_no_more(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(LINE)
    await desk.look(desk.bridge.policy.stale_seconds + 1)
    assert desk.troubles()[0].row.state == "resolved"
    assert "alert_not_repeated" in desk.events(1)


async def test_what_alertmanager_does_not_hold_any_more_is_over_though_its_end_was_never_told(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(LINE)
    held = desk.firing
    held.found = frozenset({LINE["fingerprint"]})
    await desk.look(desk.bridge.policy.gone_seconds + 1)
    held.found = None
    await desk.look(60)
    assert desk.troubles()[0].row.state == "notified"
    held.found = frozenset()
    await desk.look(60)
    assert desk.troubles()[0].row.state == "resolved"
    assert "alert_gone" in desk.events(1)


async def test_an_alert_that_another_one_holds_back_is_over_for_the_bridge(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(LINE, firing("LineWeak", severity="warning", line="kx-1"))
    await desk.say(LINE)
    names = {one.name: one.ended is None for one in desk.troubles()[0].alerts}
    assert names == {"LineDown": True, "LineWeak": False}
    await desk.say(LINE, truncated=3)
    assert {one.name: one.ended is None for one in desk.troubles()[0].alerts} == names


async def test_an_area_that_prometheus_tells_of_is_told_by_its_name_at_any_hour(engine: Engine) -> None:
    clock = Clock()
    clock.now = at("2026-11-25 23:00")
    desk = Desk(engine, clock=clock)
    await desk.say(firing("AreaDown", site="", scope="area", area="Vĩnh Tường"))
    assert desk.told == [("an", BAD)]
    assert "Vĩnh Tường" in desk.messages[0].subject


async def test_handed_back_the_next_one_is_told_and_a_note_stays_in_the_history(engine: Engine) -> None:
    desk = Desk(engine)
    await desk.say(LINE)
    await take(desk, 1, "an")
    actor = Actor("an", "An")
    await desk.bridge.answer(lambda session, now: duty.note(session, 1, actor, "đang bận", now))
    await desk.bridge.answer(lambda session, now: duty.hand_back(session, 1, actor, now))
    await desk.look(1)
    assert desk.told == [("an", BAD), ("binh", BAD)]
    assert desk.troubles()[0].row.state == "notified"
    note = next(one for one in desk.detail(1).events if one.kind == "note")
    assert (note.actor, note.detail["text"]) == ("an", "đang bận")


async def test_it_runs_by_itself_and_ends_when_it_is_cancelled(engine: Engine) -> None:
    desk = Desk(engine)
    running = asyncio.create_task(desk.bridge.run())
    await desk.bridge.take(Notification.model_validate({"alerts": [LINE]}))
    async with asyncio.timeout(20):
        while not desk.told:
            await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    desk.bridge.close()
    assert desk.told == [("an", BAD)]


def test_a_link_is_its_persons_own_and_ends() -> None:
    from exporters.oncall.links import Links

    links = Links([b"old" * 12, b"new" * 12], "https://hub.test", 60)
    token = links.link(5, "nguyễn văn/a", NOW).rpartition("/")[2]
    assert links.owner(token, NOW + 59).person == "nguyễn văn/a"
    for wrong, then in ((token, NOW + 62), (token[:-1], NOW), (f"6{token[1:]}", NOW), ("", NOW), ("ă" * 9, NOW)):
        with pytest.raises(LinkError) as error:
            links.owner(wrong, then)
        assert error.value.expired is (then > NOW)
    assert Links([b"new" * 12], "", 60).owner(token, NOW).trouble == 5


def _many_sites(engine: Engine, count: int, prefix: str = "s") -> list[str]:
    from sqlalchemy.orm import Session

    from collector import directory

    codes = [f"{prefix}{number:03}" for number in range(count)]
    with Session(engine) as session, session.begin():
        unit = directory.find_unit(session, "0kx")
        for code in codes:
            directory.ensure_site(session, code, f"Trụ sở {code}", unit=unit)
    return codes


class Listening(Remembering):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.heard = asyncio.Event()

    async def listen(self) -> None:
        self.heard.set()
        await asyncio.Event().wait()


async def test_a_channel_to_which_receipts_come_by_themselves_is_listened_to(engine: Engine) -> None:
    listening = Listening("modem")
    desk = Desk(engine, [listening, Remembering("email")])
    running = asyncio.create_task(desk.bridge.run())
    async with asyncio.timeout(20):
        await listening.heard.wait()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert [name for name, work in desk.bridge.posting.work() if work.close() is None] == [
        "receipts", "modem", "modem listens", "email",
    ]  # fmt: skip
