"""The node's own alarm: pure rule, settings, and the real process with a hub that falls silent."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import hub_silence
from agent.alarm_settings import AlarmSettings, load, parse
from agent.failure import UserError
from agent.hub_silence import Began, HubSilence, Over
from tests.agent.hub import Hub, serving
from tests.agent.test_running_agent import Node, configuration, ended


def test_it_is_told_once_of_a_silence_and_once_of_its_end() -> None:
    silence = HubSilence(900, started=100)
    assert [silence.look(500, now) for now in (600, 1399)] == [None, None]
    assert silence.look(500, 1400) == Began(900)
    assert [silence.look(500, now) for now in (1401, 9000)] == [None, None]
    assert silence.look(9100, 9101) == Over(8600)
    assert silence.look(9100, 9102) is None


def test_a_start_is_no_silence_until_it_has_lasted() -> None:
    silence = HubSilence(900, started=5000)
    assert silence.look(None, 5899) is None
    assert silence.look(None, 5900) == Began(900)


def test_an_alarm_that_an_earlier_process_told_of_is_not_told_again_but_its_end_is() -> None:
    text = hub_silence.word(200, unix=1_000_200, boot="b").decode()
    assert hub_silence.standing(text, unix=1_005_000, now=5000, boot="b") == 200
    silence = HubSilence(900, started=5000, since=200)
    assert silence.look(None, 9000) is None
    assert silence.look(9500, 9500) == Over(9300)


def test_of_another_boot_only_the_clock_tells_since_when() -> None:
    text = hub_silence.word(200, unix=1_000_200, boot="b").decode()
    assert hub_silence.standing(text, unix=1_001_200, now=60, boot="other") == -940
    assert hub_silence.standing(text, unix=5, now=60, boot="other") == 60


@given(st.text() | st.binary().map(lambda one: one.decode("latin-1")))
def test_a_damaged_state_file_is_as_none(text: str) -> None:
    found = hub_silence.standing(text, 1e9, 100, "b")
    assert found is None or isinstance(found, float)


def test_settings_are_read(tmp_path: Path) -> None:
    assert load(tmp_path / "alarm.toml") == AlarmSettings(15, (), 60)
    (tmp_path / "alarm.toml").write_text('[alarm]\nafter_minutes = 5\ncommand = ["a", "b"]\n')
    assert load(tmp_path / "alarm.toml") == AlarmSettings(5, ("a", "b"), 60)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[alarm", "f: is not TOML"),
        ("[alarn]", "f: 'alarn' is not known; the nearest that is: alarm"),
        ("alarm = 1", "f: alarm is not a table"),
        ("[alarm]\nafter_minute = 1", "f: 'after_minute' is not known; the nearest that is: after_minutes"),
        ("[alarm]\nafter_minutes = true", "f: after_minutes is not a number from 0.01 to 10080"),
        ("[alarm]\nafter_minutes = nan", "f: after_minutes is not a number from 0.01 to 10080"),
        ('[alarm]\ncommand = "sms"', "f: command is not a list of texts"),
        ('[alarm]\ncommand = [""]', "f: command is not a list of texts"),
    ],
)
def test_wrong_settings_are_named(text: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        parse(text, "f")


@given(st.text())
def test_any_text_is_settings_or_the_users_error(text: str) -> None:
    try:
        parse(text, "f")
    except UserError as error:
        assert str(error).startswith("f: ")


def test_the_real_process_runs_the_command_once_and_tells_the_hub_afterwards(tmp_path: Path) -> None:
    node, told = Node(tmp_path), tmp_path / "told"
    program = tmp_path / "tell.py"
    program.write_text(
        "import os, sys\n"
        f"with open({str(told)!r}, 'a') as file:\n"
        "    print(*(os.environ[f'THONGSUOT_{one}'] for one in ('ALARM', 'NODE', 'SITE')), file=file)\n"
        "sys.exit(3)\n"
    )
    node.state.prepare()
    node.state.alarm.write_text(f'[alarm]\nafter_minutes = 0.07\ncommand = ["{sys.executable}", "{program}"]\n')
    hub = Hub(configuration=configuration())
    with serving(hub), node.running(hub) as process:
        hub.wait(lambda: bool(hub.written))
        hub.silent = True
        hub.wait(lambda: node.state.hub_silence.exists() and told.exists() and bool(told.read_text()), seconds=20)
        hub.silent = False
        hub.wait(lambda: any(one.kind == "agent.hub_silence" for _epoch, one in hub.events), seconds=30)
        hub.wait(lambda: told.read_text().count("\n") == 2)
        hub.wait(lambda: "thongsuot_agent_alarm_failures_total 2" in _failures(hub))
        status, said = ended(process)
    assert status == 0
    assert told.read_text().splitlines() == ["silent n1 yen-thai", "over n1 yen-thai"]
    assert not node.state.hub_silence.exists()
    (event,) = [one for _epoch, one in hub.events if one.kind == "agent.hub_silence"]
    assert event.detail["seconds"] >= 4.2
    assert "Máy chủ trung tâm im lặng" in said
    assert "the hub answers again after" in said
    assert said.count("alarm command: exit status 3") == 2


def _failures(hub: Hub) -> str:
    name = "thongsuot_agent_alarm_failures_total"
    return " ".join(f"{name} {value:g}" for labels, _, value in hub.samples if labels["__name__"] == name)
