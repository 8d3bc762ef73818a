"""The rules, in the order in which they are asked. Each says its cause, or nothing when it does not apply.

What the site itself shows comes before what its neighbours show, and what is nearer before what is farther. Where two
causes fit and nothing tells them apart, the answer is `none` with what is known.
"""

from __future__ import annotations

from collections.abc import Callable

from collector.faults import words
from collector.faults.evidence import Cause, FaultEvidence, Hop, Neighbours, Verdict

MANY = 2
"""So many other sites make a trouble common; one may be chance."""
SLOW_SHARE = 0.5
"""Of the line's round trip: when the gateway takes so much of it, the delay is in the office."""


def decide(one: FaultEvidence) -> Verdict:
    for rule in RULES:
        cause = rule(one)
        if cause is not None:
            break
    else:
        cause = "none"
    parts = list(words.evidence(one))
    if cause == "none":
        parts.append(("chưa đủ căn cứ để kết luận", "not enough evidence for a conclusion"))
    return Verdict(cause, words.sentence(parts))


def _power(one: FaultEvidence) -> Cause | None:
    if one.state == "no_data":
        if one.sampled:
            return None
        if one.last_gasp or one.on_battery:
            return "power"
        # An agent that was stopped first did not lose its power, even if the machine is started anew later.
        return "power" if one.booted and not one.stopped else None
    if one.state != "down" or not (one.on_battery or one.last_gasp):
        return None
    # The node lives on its battery; the modem or the router has none. Where all hops answer it is something else.
    return None if one.gateway and _answers(one.gateway) and one.first_hop and _answers(one.first_hop) else "power"


def _agent(one: FaultEvidence) -> Cause | None:
    if one.state != "no_data":
        return None
    if one.sampled or one.stopped:
        return "agent"
    if one.ended:
        return "agent" if one.booted is False else None
    if one.mates and one.lines_of_site == 1 and one.everywhere.normal:
        # They go out over the same line, so it works and there is power.
        return "agent"
    return None


def _lan(one: FaultEvidence) -> Cause | None:
    gateway = one.gateway
    if gateway is None or gateway.sent == 0:
        return None
    if gateway.gone or gateway.as_lossy_as(one.loss or 0.0):
        return "lan"
    slow = gateway.rtt is not None and one.rtt is not None and gateway.rtt > one.rtt * SLOW_SHARE
    return "lan" if slow and one.state != "down" and not (one.loss or 0) > 0.02 else None


def _hub(one: FaultEvidence) -> Cause | None:
    if one.everywhere.known < MANY or one.everywhere.normal:
        return None
    first = one.first_hop
    if first is not None and first.gone and one.same_provider.known == one.everywhere.known:
        # Nobody has another provider to compare with, and it fails before the hub.
        return None
    return "hub"


def _router(one: FaultEvidence) -> Cause | None:
    if one.wan_up is not False or one.gateway is None or not _answers(one.gateway):
        return None
    return "router" if one.first_hop is None or one.first_hop.gone else None


def _upstream(one: FaultEvidence) -> Cause | None:
    if _common(one.same_provider):
        return "upstream"
    if one.state == "no_data" or not _common(one.same_area):
        # Silent machines of one area may as well have no power there.
        return None
    # An area stands out only against another where it is well: else it is no area's trouble.
    elsewhere = one.everywhere.without(one.same_area)
    return "upstream" if elsewhere.known >= MANY and 2 * elsewhere.affected < elsewhere.known else None


def _provider(one: FaultEvidence) -> Cause | None:
    if one.state == "no_data":
        return None
    loss = one.loss or 0.0
    gateway_answers = one.gateway is not None and _answers(one.gateway)
    first, hub = one.first_hop, one.hub
    if first is not None and _answers(first):
        # Beyond it, unless the echoes get through all the way and only our measurement does not.
        beyond = hub is not None and (hub.gone or hub.as_lossy_as(loss))
        return "provider" if beyond or (hub is None and loss > 0) else None
    if not gateway_answers:
        return None
    if first is not None and (first.gone or first.as_lossy_as(loss)):
        return "provider"
    return "provider" if hub is not None and (hub.gone or hub.as_lossy_as(loss)) else None


def _slow_provider(one: FaultEvidence) -> Cause | None:
    """Nothing is lost but the way beyond the gateway is long."""
    if one.state not in ("weak", "bad") or one.gateway is None or not _answers(one.gateway):
        return None
    rtt = one.rtt
    return "provider" if rtt is not None and rtt > 0.05 and (one.loss or 0) <= 0.02 else None


RULES: tuple[Callable[[FaultEvidence], Cause | None], ...] = (
    _power, _agent, _lan, _hub, _router, _upstream, _provider, _slow_provider,
)  # fmt: skip


def _answers(hop: Hop) -> bool:
    return hop.sent > 0 and not hop.gone


def _common(some: Neighbours) -> bool:
    return some.affected >= MANY and 2 * some.affected >= some.known
