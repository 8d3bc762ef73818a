from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.faults import CAUSES, FaultEvidence, Hop, Neighbours, decide

GOOD, LOSSY, GONE = Hop(600, 600, 0.001), Hop(600, 480, 0.002), Hop(600, 0)
DOWN = FaultEvidence("down", ended=True, loss=1.0)
BAD = FaultEvidence("bad", ended=True, loss=0.1, rtt=0.03)
SILENT = FaultEvidence("no_data", ended=False)
BACK = FaultEvidence("no_data", ended=True)
FINE, ALL, MOST, ONE = Neighbours(7, 1), Neighbours(7, 7), Neighbours(7, 5), Neighbours(7, 1)


def case(one: FaultEvidence, cause: str, **more: object) -> tuple[FaultEvidence, str]:
    return replace(one, **more), cause  # type: ignore[arg-type]


CASES = {
    "gateway gone": case(DOWN, "lan", gateway=GONE, first_hop=GONE, hub=GONE),
    "gateway gone while others are down, too": case(DOWN, "lan", gateway=GONE, everywhere=ALL, same_provider=ALL),
    "gateway lossy": case(BAD, "lan", gateway=LOSSY, first_hop=LOSSY, hub=LOSSY),
    "gateway slow": case(BAD, "lan", loss=0.0, rtt=0.4, gateway=Hop(600, 600, 0.38), first_hop=GOOD, hub=GOOD),
    "router says its WAN is down": case(DOWN, "router", gateway=GOOD, first_hop=GONE, hub=GONE, wan_up=False),
    "router says its WAN is up": case(DOWN, "provider", gateway=GOOD, first_hop=GONE, hub=GONE, wan_up=True),
    "first hop gone, others fine": case(
        DOWN, "provider", gateway=GOOD, first_hop=GONE, hub=GONE, same_provider=FINE, everywhere=Neighbours(28, 1)
    ),
    "beyond the first hop": case(DOWN, "provider", gateway=GOOD, first_hop=GOOD, hub=GONE, everywhere=FINE),
    "no first hop is known": case(DOWN, "provider", gateway=GOOD, hub=GONE, everywhere=FINE),
    "no gateway is known but the first hop answers": case(DOWN, "provider", first_hop=GOOD, hub=GONE),
    "loss begins at the first hop": case(BAD, "provider", gateway=GOOD, first_hop=LOSSY, hub=LOSSY),
    "slow beyond the gateway": case(BAD, "provider", loss=0.0, rtt=0.4, gateway=GOOD, first_hop=GOOD, hub=GOOD),
    "most of one provider": case(
        DOWN, "upstream", gateway=GOOD, first_hop=GONE, same_provider=MOST, everywhere=Neighbours(28, 5)
    ),
    "most of one provider, seen live": case(SILENT, "upstream", same_provider=MOST, everywhere=Neighbours(28, 5)),
    "all of the only provider, at the first hop": case(
        DOWN, "upstream", gateway=GOOD, first_hop=GONE, same_provider=ALL, everywhere=ALL
    ),
    "most of one area, of several providers": case(
        DOWN,
        "upstream",
        gateway=GOOD,
        first_hop=GOOD,
        same_provider=FINE,
        same_area=MOST,
        everywhere=Neighbours(28, 6),
    ),
    "most of one area, but it is no better elsewhere": case(
        DOWN, "provider", gateway=GOOD, first_hop=GONE, same_area=MOST, everywhere=Neighbours(14, 10)
    ),
    "an area that is all there is": case(
        DOWN, "provider", gateway=GOOD, first_hop=GONE, same_area=MOST, everywhere=MOST
    ),
    "most of one area silent may be its power": case(SILENT, "none", same_area=MOST, everywhere=Neighbours(28, 5)),
    "most of one area, but this gateway is gone": case(
        DOWN, "lan", gateway=GONE, same_area=MOST, everywhere=Neighbours(28, 5)
    ),
    "everybody at once": case(
        DOWN, "hub", gateway=GOOD, first_hop=GOOD, hub=GONE, everywhere=ALL, same_provider=MOST
    ),
    "everybody is silent": case(SILENT, "hub", everywhere=ALL, same_provider=MOST),
    "everybody, but this one has no power": case(SILENT, "power", on_battery=True, everywhere=ALL),
    "last gasp before silence": case(SILENT, "power", last_gasp="power.last_gasp", everywhere=FINE),
    "on battery before silence": case(SILENT, "power", on_battery=True, everywhere=FINE),
    "back after a boot": case(BACK, "power", booted=True, everywhere=FINE),
    "modem without power, node on battery": case(DOWN, "power", on_battery=True, gateway=GOOD, first_hop=GONE),
    "on battery, but all hops answer": case(
        DOWN, "provider", on_battery=True, gateway=GOOD, first_hop=GOOD, hub=GONE
    ),
    "back without a boot": case(BACK, "agent", booted=False),
    "the agent was stopped": case(SILENT, "agent", stopped=True, everywhere=FINE),
    "the agent was stopped, later the machine booted": case(BACK, "agent", stopped=True, booted=True),
    "other samples came meanwhile": case(SILENT, "agent", sampled=True, everywhere=FINE),
    "a battery is no reason while it samples": case(SILENT, "agent", sampled=True, on_battery=True),
    "another machine on the only line is heard": case(SILENT, "agent", mates=1, everywhere=FINE),
    "another machine, perhaps on the other line": case(SILENT, "none", mates=1, lines_of_site=2, everywhere=FINE),
    "silent, nothing else is known": case(SILENT, "none", everywhere=FINE),
    "back, its boot time is not known": case(BACK, "none", everywhere=FINE),
    "a machine alone with its hub": case(SILENT, "none"),
    "down without any echo": case(DOWN, "none", everywhere=FINE),
    "down, only the first hop's silence is known": case(DOWN, "none", first_hop=GONE),
    "echoes reach the hub, the measurement does not": case(DOWN, "none", gateway=GOOD, first_hop=GOOD, hub=GOOD),
    "one neighbour of two may be chance": case(
        DOWN, "provider", gateway=GOOD, first_hop=GONE, same_provider=Neighbours(2, 1), everywhere=Neighbours(9, 1)
    ),
    "one other site is no multitude": case(
        SILENT, "none", everywhere=Neighbours(1, 1), same_provider=Neighbours(1, 1)
    ),
}


@pytest.mark.parametrize(("one", "cause"), CASES.values(), ids=CASES)
def test_the_cause_follows_from_the_evidence(one: FaultEvidence, cause: str) -> None:
    verdict = decide(one)
    assert verdict.cause == cause, verdict.words
    assert set(verdict.words) == {"vi", "en"}
    assert all(verdict.words.values())


def test_every_cause_has_a_case() -> None:
    assert {cause for _, cause in CASES.values()} == set(CAUSES)


def test_the_words_say_what_was_seen_with_counts() -> None:
    one = replace(DOWN, gateway=GOOD, first_hop=GONE, same_provider=FINE, everywhere=FINE)
    assert decide(one).words == {
        "vi": "Cổng mạng trả lời, chặng đầu nhà mạng không trả lời, 6/7 xã cùng nhà mạng bình thường",
        "en": "The gateway answers, the provider's first hop does not answer, "
        "6 of 7 sites of the same provider are normal",
    }


def test_it_is_said_when_nothing_can_be_concluded() -> None:
    words = decide(SILENT).words
    assert words["vi"] == "Điểm giám sát im lặng, chưa đủ căn cứ để kết luận"
    assert words["en"] == "The node is silent, not enough evidence for a conclusion"


hops = st.one_of(st.none(), st.builds(Hop, st.integers(0, 600), st.integers(0, 600), st.none() | st.floats(0, 5)))
neighbours = st.integers(0, 30).flatmap(lambda known: st.builds(Neighbours, st.just(known), st.integers(0, known)))


@given(
    st.builds(
        FaultEvidence, st.sampled_from(("weak", "bad", "down", "no_data")), st.booleans(),
        st.none() | st.floats(0, 1), st.none() | st.floats(0, 5), hops, hops, hops,
        neighbours, neighbours, neighbours,
        st.none() | st.booleans(), st.none() | st.booleans(), st.sampled_from(("", "power.last_gasp")), st.booleans(),
        st.none() | st.booleans(), st.booleans(), st.integers(0, 3), st.integers(1, 3),
    )
)  # fmt: skip
def test_any_evidence_gives_a_known_cause_and_words(one: FaultEvidence) -> None:
    verdict = decide(one)
    assert verdict.cause in CAUSES
    assert all(verdict.words.values())
