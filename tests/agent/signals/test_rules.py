"""What becomes an event: bursts and what follows them, what is new after seven days, twice seen, within a budget."""

from __future__ import annotations

import json
from typing import Any

from agent.devices.arp_tables import ArpTables, Seen
from agent.queue_events import Happening
from agent.samples import Sample
from agent.signals.baseline import Baseline
from agent.signals.budget import Budget
from agent.signals.certificates import Certificates
from agent.signals.changes import Changes
from agent.signals.finding import Finding, Memory, Signal
from agent.signals.login_lines import Attempt
from agent.signals.logins import Logins
from agent.signals.neighbours import Neighbours, Reading
from agent.signals.updates import Reading as UpdatesReading
from agent.signals.updates import Updates
from agent.signals.watching import Watching

DAY = 86_400.0
NOW = 1_790_000_000.0


def taught(rule: Changes, present: dict[str, dict[str, Any]]) -> float:
    """Seven days of looks at what is normal; the time after them."""
    now = NOW
    while now <= NOW + 7 * DAY + 600:
        assert rule.look(present, now, None) == []
        now += 600
    return now


def test_what_is_new_after_seven_days_is_told_when_it_is_seen_twice() -> None:
    rule = Changes("new_port", "warning", None)
    now = taught(rule, {"tcp/22": {}})
    new: dict[str, dict[str, Any]] = {"tcp/22": {}, "tcp/4444": {"process": "nc"}}
    assert rule.look(new, now, None) == []
    assert rule.look(new, now + 360, None) == [Finding("new_port", "warning", "tcp/4444", now, {"process": "nc"})]
    assert rule.look(new, now + 720, None) == []


def test_what_is_seen_once_and_gone_again_is_not_told() -> None:
    rule = Changes("new_port", "warning", None)
    now = taught(rule, {})
    for step in range(10):
        present: dict[str, dict[str, Any]] = {"tcp/9": {}} if step % 2 else {}
        assert rule.look(present, now + 360 * step, None) == []


def test_what_a_package_update_explains_is_information_only() -> None:
    rule = Changes("file_changed", "critical", None)
    now = taught(rule, {})
    rule.look({"/usr/bin/ssh 1": {}}, now, now - 60)
    (finding,) = rule.look({"/usr/bin/ssh 1": {}}, now + 600, now - 60)
    assert (finding.severity, finding.detail) == ("info", {"package_update": True})


def test_the_baseline_outlives_the_process_and_a_step_of_the_clock_teaches_nothing() -> None:
    baseline = Baseline()
    baseline.look({"a": 1}, NOW)
    baseline.look({"a": 1}, NOW + 365 * DAY)
    assert baseline.learning
    again = Baseline(json.loads(json.dumps(baseline.memory())))
    assert again.knows("a")
    assert again.learning
    rule = Changes("new_port", "warning", None)
    now = taught(rule, {"tcp/22": {}})
    kept = Changes("new_port", "warning", json.loads(json.dumps(rule.memory())))
    kept.look({"tcp/22": {}, "tcp/1": {}}, now, None)
    assert len(kept.look({"tcp/22": {}, "tcp/1": {}}, now + 360, None)) == 1


def failures(count: int, address: str = "203.0.113.9", begin: float = NOW, user: str = "root") -> tuple[Attempt, ...]:
    return tuple(Attempt(begin + number, user, address, False) for number in range(count))


def test_a_burst_of_failures_is_told_once_and_the_first_success_after_it_is_critical() -> None:
    rule = Logins(None)
    (burst,) = rule.look(failures(30), NOW + 60, None)
    assert (burst.name, burst.severity, burst.subject, burst.since) == (
        "failed_logins",
        "warning",
        "203.0.113.9",
        NOW,
    )
    rule = Logins(json.loads(json.dumps(rule.memory())))
    assert rule.look(failures(5, begin=NOW + 100), NOW + 120, None) == []
    (success,) = rule.look((Attempt(NOW + 130, "root", "203.0.113.9", True),), NOW + 140, None)
    assert (success.name, success.severity, success.detail["user"]) == ("login_after_failures", "critical", "root")
    assert rule.look((Attempt(NOW + 150, "root", "203.0.113.9", True),), NOW + 160, None) == []


def test_a_forgotten_password_is_no_burst() -> None:
    rule = Logins(None)
    assert rule.look(failures(5), NOW + 60, None) == []
    assert rule.look((Attempt(NOW + 50, "root", "203.0.113.9", True),), NOW + 60, None) == []
    slow = tuple(Attempt(NOW + 1000 * number, "an", "10.0.0.1", False) for number in range(30))
    assert rule.look(slow, NOW + 30_000, None) == []


def test_guesses_from_many_addresses_are_held_in_bounds() -> None:
    rule = Logins(None)
    many = tuple(Attempt(NOW, "root", f"2001:db8::{number:x}", False) for number in range(5000))
    rule.look(many, NOW, None)
    assert len(rule._sources) <= 256


def test_another_mac_behind_the_gateways_address_is_critical() -> None:
    rule = Neighbours(None)
    for step in range(20):
        assert rule.look(Reading("192.168.1.1", {"192.168.1.1": "00:1b:21:00:00:01"}), NOW + 60 * step, None) == []
    forged = Reading("192.168.1.1", {"192.168.1.1": "00:1b:21:66:66:66"})
    assert rule.look(forged, NOW + 1300, None) == []
    (finding,) = rule.look(forged, NOW + 1360, None)
    assert (finding.name, finding.severity, finding.subject) == ("gateway_mac", "critical", "192.168.1.1")
    assert finding.detail == {"mac": "00:1b:21:66:66:66"}
    assert rule.figures() == [Sample("thongsuot_lan_neighbours", 1)]


def test_a_new_machine_in_the_routers_table_is_told_once_after_two_polls_and_its_own_learning() -> None:
    rule = Neighbours(None)
    old, new = "00:1b:21:00:00:02", "00:1b:21:00:00:03"
    telephone = "da:a1:19:00:00:01"

    def look(at: float, *macs: str, own: str = "") -> list[str]:
        seen = {mac: Seen("192.168.1.9", "router") for mac in macs} if macs else None
        return [one.subject for one in rule.look(Reading("", {"192.168.1.9": own} if own else {}, seen), at, None)]

    moment = NOW
    while moment < NOW + 7.1 * DAY:
        moment += 600
        # No gear is polled yet: only this machine's own table is learned.
        assert look(moment) == []
    # All that a router newly assigned shows is learned first.
    while moment < NOW + 14.3 * DAY:
        moment += 600
        assert look(moment, old) == []
    assert look(moment + 300, old, new, telephone) == []
    assert look(moment + 360) == []
    assert look(moment + 600, old, new, telephone) == [new]
    assert look(moment + 900, old, new, telephone) == []
    assert [look(moment + 960, own=new), look(moment + 1020, own=new)] == [[], []]
    kept = Neighbours(rule.memory())
    assert kept.memory() == rule.memory()


def test_tables_of_devices_are_shown_once_when_all_were_read_anew() -> None:
    tables = ArpTables()
    assert tables.take() is None
    pc, provider = bytes.fromhex("001b21000001"), bytes.fromhex("001b21000009")
    tables.put("router", {"192.168.1.7": pc, "203.113.131.1": provider, "224.0.0.1": b"\x01\x00\x5e\x00\x00\x01"})
    assert tables.take() == {"00:1b:21:00:00:01": Seen("192.168.1.7", "router")}
    assert tables.take() is None
    tables.put("switch", {"192.168.1.7": pc})
    assert tables.take() is None
    tables.forget("router")
    assert tables.take() == {"00:1b:21:00:00:01": Seen("192.168.1.7", "switch")}


def test_updates_that_wait_too_long_are_told_once() -> None:
    rule = Updates(None)
    waits = UpdatesReading(pending=5, security=2, reboot=False)
    assert rule.look(waits, NOW, None) == []
    (finding,) = rule.look(waits, NOW + 15 * DAY, None)
    assert (finding.name, finding.since, finding.detail) == ("updates_pending", NOW, {"security": 2})
    assert rule.look(waits, NOW + 16 * DAY, None) == []
    assert rule.look(UpdatesReading(0, 0, False), NOW + 17 * DAY, None) == []
    assert rule.look(waits, NOW + 18 * DAY, None) == []


def test_an_authority_that_ends_is_told_at_each_of_the_given_days() -> None:
    rule = Certificates(None)
    end = NOW + 40 * DAY
    told = [(40 - day, one.severity) for day in range(41) for one in rule.look(end, NOW + day * DAY, None)]
    assert told == [(30, "warning"), (14, "warning"), (7, "critical"), (1, "critical"), (0, "critical")]


def test_a_rule_that_cries_too_often_is_heard_no_more_this_month() -> None:
    budget = Budget(2)
    assert [budget.spend(NOW), budget.spend(NOW), budget.spend(NOW)] == [True, True, False]
    assert budget.suppressed == 1
    again = Budget(2, json.loads(json.dumps(budget.memory())))
    assert not again.spend(NOW)
    assert again.spend(NOW + 31 * DAY)


class Parrot:
    """Finds whatever it is given."""

    def __init__(self, memory: Memory | None) -> None:
        self.count = (memory or {}).get("count", 0)

    def look(self, reading: str, now: float, packages_at: float | None) -> list[Finding]:
        self.count += 1
        return [Finding("parrot", "info", reading, now)]

    def memory(self) -> Memory:
        return {"count": self.count}

    def figures(self) -> list[Sample]:
        return []


async def test_findings_become_events_with_the_rules_memory_in_one_commit() -> None:
    committed: list[tuple[dict[str, str], tuple[Happening, ...]]] = []
    broken: Signal[str] = Signal(60, lambda _since: (_ for _ in ()).throw(OSError("gone")), Parrot)
    facts: dict[str, str] = {}

    async def commit(remembered: dict[str, str], happenings: tuple[Happening, ...]) -> None:
        if not facts and not committed:
            committed.append(({}, ()))
            raise OSError("the disk is full")
        facts.update(remembered)
        committed.append((remembered, happenings))

    async def fact(name: str) -> str | None:
        return facts.get(name)

    good: Signal[str] = Signal(60, lambda _since: "x", Parrot, monthly_budget=3)
    watching = Watching({"bad": broken, "good": good}, commit, fact, lambda: NOW)
    for _ in range(5):
        for watch in watching._watches:
            await watch.look()
    sent = [one for _facts, happenings in committed for one in happenings]
    assert [one.kind for one in sent] == ["security.parrot"] * 3
    assert sent[-1].detail == {"since_ms": NOW * 1000, "last_of_month": True}
    figures = {(one.name, *(text for _, text in one.labels)): one.value for one in watching.figures()}
    assert figures["thongsuot_security_signal_success", "bad"] == 0
    assert figures["thongsuot_security_signal_success", "good"] == 1
    assert figures["thongsuot_security_suppressed_total", "good"] == 2
    assert figures["thongsuot_security_findings_total", "parrot", "good"] == 5
    assert json.loads(facts["signal good"])["rule"]["count"] >= 3
