"""Scores and rates from made-up reports."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conferencing import messages
from conferencing.control import PeerStatistics, SlotStatistics, SourceStatistics, WorkerStatistics
from conferencing.rtp.slots import SLOTS
from conferencing.statistics import score
from conferencing.statistics.client import ClientReport, ClientSlot, sound_report
from conferencing.statistics.quality import Quality

SOURCE = SourceStatistics("microphone", True, 0, 0, 0, 0.004, 0, 1)
VOICE = SlotStatistics("voice0", "b", 0, 0, 0, None, 0.003, 0, 0, 0)
STAGE = SlotStatistics("stage", "b", 0, 0, 0, 0.0, 0.003, 0, 0, 0)
PEER = PeerStatistics("p", "room", "a", 0, 0, 0, 0.0, 0, 0, 0.0, 0.05, 0, 0, 0)


def report(at: float, *peers: PeerStatistics) -> WorkerStatistics:
    return WorkerStatistics(0, 0, 0, 0, 0.0, 0, 1, tuple(peers), {}, at)


def test_a_good_line_sounds_good_and_delay_and_loss_make_it_worse() -> None:
    best = score.sound(0.02, 0.001, 0.0)
    assert 4.3 < best <= 4.5
    assert score.sound(0.02, 0.001, 0.02) == pytest.approx(4.23, abs=0.05)
    assert score.sound(0.6, 0.001, 0.0) < 4.0
    assert score.sound(0.02, 0.001, 0.5) < 2.5


@given(st.floats(0, 60), st.floats(0, 10), st.floats(-1, 2))
def test_a_score_is_always_on_its_scale(round_trip: float, jitter: float, lost: float) -> None:
    assert 1 <= score.sound(round_trip, jitter, lost) <= 4.5
    assert 1 <= score.picture(lost, 30 * jitter) <= 5


def test_a_picture_is_as_good_as_it_moves() -> None:
    assert score.picture(0, 30) == 5
    assert score.picture(0.25, 30) == 1
    assert score.picture(0, 3) == pytest.approx(3)


def test_rates_are_of_the_time_between_two_reports() -> None:
    quality = Quality()
    before = replace(PEER, sources=(SOURCE,), slots=(VOICE, STAGE))
    quality.worker("media-0", report(100, before), {"p": "kim-xa"})
    assert quality.peers(100)["p"].up_bits_per_second == 0
    quality.client("kim-xa", ClientReport("p", {"stage": ClientSlot(), "voice0": ClientSlot()}), 100)
    after = replace(
        PEER,
        lost_in=10,
        nacks=3,
        keyframe_requests=1,
        sources=(replace(SOURCE, packets=240, bytes=30_000, lost=10, nacks=4),),
        slots=(
            replace(VOICE, packets=250, bytes=25_000, lost=5, loss=0.02),
            replace(STAGE, packets=500, bytes=600_000, nacks=3),
        ),
    )
    quality.worker("media-0", report(105, after), {"p": "kim-xa"})
    said = {
        "stage": ClientSlot(frames_decoded=150, freeze_count=1, freeze_seconds=0.5, frame_height=720),
        "voice0": ClientSlot(concealed_samples=2_400, total_samples=240_000),
    }
    quality.client("kim-xa", ClientReport("p", said, "host", 0.05, "cpu"), 105)
    found = quality.peers(106)["p"]
    assert found.up_bits_per_second == 48_000
    assert found.down_bits_per_second == 1_000_000
    assert found.loss_up == pytest.approx(0.04)
    stage = next(one for one in found.down if one.name == "stage")
    assert (stage.frames_per_second, stage.frozen_share, stage.frame_height) == (30, 0.1, 720)
    voice = next(one for one in found.down if one.name == "voice0")
    assert voice.concealed_share == 0.01
    assert found.picture == pytest.approx(score.picture(0.1, 30))
    # What is concealed is what is heard, whatever was lost on the way.
    assert found.sound == pytest.approx(score.sound(0.05, 0.003, 0.01))
    assert (found.candidate_type, found.limitation) == ("host", "cpu")
    wanted = {"nacks_down": 3, "nacks_up": 4, "keyframe_requests": 1, "freezes": 1, "lost_up": 10, "lost_down": 5}
    assert quality.totals == {("kim-xa", name): count for name, count in wanted.items()}


def test_totals_of_a_site_stay_when_its_peers_go_and_never_fall() -> None:
    quality = Quality()
    quality.worker("media-0", report(1, replace(PEER, nacks=5)), {"p": "kim-xa"})
    quality.worker("media-0", report(6, replace(PEER, nacks=2)), {"p": "kim-xa"})
    quality.worker("media-0", report(11), {})
    assert quality.totals["kim-xa", "nacks_down"] == 5
    assert quality.peers(11) == {}


def test_reports_of_unknown_peers_and_of_pages_long_silent_count_for_nothing() -> None:
    quality = Quality()
    quality.client(None, ClientReport("liar", {}), 0)
    quality.worker("media-0", report(1, replace(PEER, slots=(STAGE,))), {})
    quality.client(None, ClientReport("p", {}, "host"), 1)
    assert quality.peers(5)["p"].candidate_type == "host"
    assert quality.peers(60)["p"].candidate_type is None
    quality.worker_gone("media-0")
    assert quality.peers(60) == {}


def test_what_no_browser_says_is_refused() -> None:
    assert sound_report(ClientReport("p", {"stage": ClientSlot(1, 2, 0.5, 3, 4, 720)}, "relay", 0.1, "none"))
    assert not sound_report(ClientReport("p", {"stage": ClientSlot(freeze_seconds=math.nan)}))
    assert not sound_report(ClientReport("p", {"stage": ClientSlot(frames_decoded=-1)}))
    assert not sound_report(ClientReport("p", {"stage": ClientSlot(frames_decoded=10**300)}))
    assert not sound_report(ClientReport("p", {"elsewhere": ClientSlot()}))
    assert not sound_report(ClientReport("p", {}, candidate_type="<script>"))
    assert not sound_report(ClientReport("p", {}, limitation="x" * 1000))


values = st.none() | st.integers() | st.floats() | st.text(max_size=5)


@given(
    st.dictionaries(
        st.sampled_from([*SLOTS, "x"]),
        st.dictionaries(st.sampled_from(["frames_decoded", "freeze_seconds", "frame_height"]), values),
        max_size=3,
    ),
    values,
)
def test_a_report_of_anything_is_read_refused_or_an_error_of_the_page(slots: object, round_trip: object) -> None:
    document = {"peer": "p", "slots": slots, "round_trip_seconds": round_trip}
    try:
        read = messages.from_document(ClientReport, document, "statistics")
    except messages.MessageError:
        return
    if sound_report(read):
        quality = Quality()
        quality.worker("m", report(0, replace(PEER, slots=(STAGE,))), {})
        quality.client(None, ClientReport("p", {}), 0)
        quality.client(None, read, 5)
        assert quality.peers(5)["p"].peer == "p"
